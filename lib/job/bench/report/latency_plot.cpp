#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "job/bench/report/plots.hpp"

namespace aiot::bench {
namespace {

constexpr double left = 56, right = 24, top = 64, bottom = 44;
constexpr double width = 760, height = 290;

double us(Nanoseconds time) { return static_cast<double>(time.count()) / 1000; }

struct Mark {
  const char* name;
  Nanoseconds time;
};

}  // namespace

std::string time_words(double us) {
  const auto three = [](double value, const char* unit) {
    const int decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
    return fmt::format("{:.{}f} {}", value, decimals, unit);
  };
  if (us < 1000) return three(us, "µs");
  if (us < 1e6) return three(us / 1000, "ms");
  return three(us / 1e6, "s");
}

svg::Canvas plot_latency(const ModelResult& model) {
  svg::Canvas canvas(width, height);
  if (model.histogram.empty()) return canvas;
  const auto& bins = model.histogram;
  const double low = us(bins.front().from);
  const double bin_width = us(bins.front().to) - low;
  const double high = low + bin_width * static_cast<double>(bins.size());
  std::uint64_t most = 1;
  for (const Bin& bin : bins) most = std::max(most, bin.count);
  const auto x_of = [&](double value) {
    return left + (std::clamp(value, low, high) - low) / (high - low) * (width - left - right);
  };
  const auto y_of = [&](double count) {
    return height - bottom - count / static_cast<double>(most) * (height - top - bottom);
  };

  for (const double tick : svg::ticks(0, static_cast<double>(most), 4)) {
    canvas.line(left, y_of(tick), width - right, y_of(tick), "grid");
    canvas.text(left - 8, y_of(tick) + 4, svg::tick_text(tick), "label", svg::Anchor::end);
  }
  for (const double tick : svg::ticks(low, high, 8)) {
    canvas.line(x_of(tick), height - bottom, x_of(tick), height - bottom + 4, "axis");
    canvas.text(x_of(tick), height - bottom + 18, svg::tick_text(tick), "label",
                svg::Anchor::middle);
  }
  for (std::size_t i = 0; i < bins.size(); ++i) {
    const Bin& bin = bins[i];
    if (bin.count == 0) continue;
    const double x = x_of(low + bin_width * static_cast<double>(i));
    const double step = (width - left - right) / static_cast<double>(bins.size());
    const double y = std::min(y_of(static_cast<double>(bin.count)), height - bottom - 1);
    const bool tail = bins.size() > 1 && i + 1 == bins.size();
    canvas.rect(x, y, std::max(step - 1, 0.5), height - bottom - y, tail ? "mark tail" : "mark",
                fmt::format("{} to {}: {} runs", time_words(us(bin.from)), time_words(us(bin.to)),
                            bin.count));
  }
  canvas.line(left, height - bottom, width - right, height - bottom, "axis");
  const Summary& s = model.latency;
  const std::array<Mark, 3> marks = {{{"p50", s.p50}, {"p90", s.p90}, {"p99", s.p99}}};
  double row = 0;
  for (const Mark& mark : marks) {
    const double x = x_of(us(mark.time));
    const double y = 18 + 16 * row++;
    const bool crowded = x > width - 150;
    canvas.line(x, y - 8, x, height - bottom, "rule");
    canvas.text(x + (crowded ? -6 : 6), y,
                fmt::format("{} {}{}", mark.name, time_words(us(mark.time)),
                            us(mark.time) > high ? " →" : ""),
                "strong", crowded ? svg::Anchor::end : svg::Anchor::start);
  }
  canvas.text(left, height - 8, "latency in µs; the last bar holds all that is slower", "label");
  canvas.text(width - right, height - 8, fmt::format("slowest {}", time_words(us(s.max))), "label",
              svg::Anchor::end);
  return canvas;
}

}  // namespace aiot::bench
