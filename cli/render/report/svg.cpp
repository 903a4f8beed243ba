#include "render/report/svg.hpp"

#include <fmt/format.h>

#include <cmath>

#include "aiot/bytes.hpp"

namespace aiot::cli::render::svg {
namespace {

std::string titled(std::string_view tip) {
  return tip.empty() ? std::string() : fmt::format("<title>{}</title>", escape(tip));
}

const char* anchor_name(Anchor anchor) {
  switch (anchor) {
    case Anchor::start: return "start";
    case Anchor::middle: return "middle";
    case Anchor::end: return "end";
  }
  return "start";
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : escape_controls(text)) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

void Canvas::rect(double x, double y, double width, double height, std::string_view style,
                  std::string_view tip) {
  body_ += fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="{}">)",
                       x, y, width, height, style) +
           titled(tip) + "</rect>\n";
}

void Canvas::line(double x1, double y1, double x2, double y2, std::string_view style) {
  body_ += fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>)", x1,
                       y1, x2, y2, style) +
           '\n';
}

void Canvas::circle(double x, double y, double radius, std::string_view style,
                    std::string_view tip) {
  body_ += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" class="{}">)", x, y, radius,
                       style) +
           titled(tip) + "</circle>\n";
}

void Canvas::polyline(const std::vector<std::pair<double, double>>& points,
                      std::string_view style) {
  body_ += "<polyline points=\"";
  for (const auto& [x, y] : points) body_ += fmt::format("{:.1f},{:.1f} ", x, y);
  body_ += fmt::format("\" class=\"{}\"/>\n", style);
}

void Canvas::text(double x, double y, std::string_view words, std::string_view style,
                  Anchor anchor) {
  body_ += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" class="{}" text-anchor="{}">{}</text>)", x, y,
                       style, anchor_name(anchor), escape(words)) +
           '\n';
}

std::string Canvas::element(std::string_view label) const {
  return fmt::format(
      "<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n{}</svg>\n", width_,
      height_, escape(label), body_);
}

std::vector<double> ticks(double low, double high, int count) {
  if (!(high > low) || count < 1) return {low};
  const double rough = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double lead = rough / power;
  const double step = power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
  std::vector<double> out;
  const double first = std::ceil(low / step - 1e-9);
  // Adding 0 makes 0 of -0, which would be written so.
  for (double at = first + 0.0; at * step <= high + step * 1e-9; at += 1) out.push_back(at * step);
  return out;
}

std::vector<double> whole_ticks(double high, int count) {
  if (high >= count) return ticks(0, high, count);
  std::vector<double> out;
  for (double at = 0; at <= high; at += 1) out.push_back(at);
  return out;
}

std::vector<double> decades(double low, double high) {
  std::vector<double> out;
  const double last = std::ceil(std::log10(high) - 1e-9);
  for (double e = std::floor(std::log10(low) + 1e-9); e <= last; e += 1) {
    out.push_back(std::pow(10, e));
  }
  return out;
}

std::string tick_text(double value) {
  if (value >= 1e6) return fmt::format("{:.3g}M", value / 1e6);
  if (value >= 1e4) return fmt::format("{:.3g}k", value / 1e3);
  return fmt::format("{:.4g}", value);
}

}  // namespace aiot::cli::render::svg
