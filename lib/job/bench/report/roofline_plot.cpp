#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "job/bench/report/plots.hpp"

namespace aiot::bench {
namespace {

constexpr double left = 60, right = 24, top = 34, bottom = 48;
constexpr double width = 760, height = 380;

/// An operator on the plot.
struct Point {
  const OperatorTime* op;
  double intensity = 0;  ///< MACs a byte
  double rate = 0;       ///< GMACs a second
};

std::vector<Point> points_of(const ModelResult& model) {
  std::vector<Point> points;
  for (const OperatorTime& op : model.operators) {
    if (op.info.macs == 0 || op.info.bytes == 0 || op.time.count() <= 0) continue;
    points.push_back({&op, static_cast<double>(op.info.macs) / static_cast<double>(op.info.bytes),
                      macs_per_s(op.info.macs, op.time) / 1e9});
  }
  // The largest at the back, so that each can be seen.
  std::sort(points.begin(), points.end(),
            [](const Point& a, const Point& b) { return a.op->share > b.op->share; });
  return points;
}

/// Logarithmic on both sides.
struct Scale {
  double low, high, from, to;
  double operator()(double value) const {
    const double share = std::log(std::clamp(value, low, high) / low) / std::log(high / low);
    return from + share * (to - from);
  }
};

}  // namespace

svg::Canvas plot_roofline(const RunResult& run, const ModelResult& model) {
  svg::Canvas canvas(width, height);
  const double roof = roof_macs_per_s(run, model) / 1e9;
  const double bandwidth = run.peak ? run.peak->bytes_per_s / 1e9 : 0;
  const auto points = points_of(model);
  if (roof <= 0 || bandwidth <= 0 || points.empty()) return canvas;
  double least_x = 1, most_x = 2 * roof / bandwidth, least_y = roof / 10, most_y = roof * 1.2;
  for (const Point& point : points) {
    least_x = std::min(least_x, point.intensity);
    most_x = std::max(most_x, point.intensity);
    least_y = std::min(least_y, point.rate);
    most_y = std::max(most_y, point.rate * 1.2);
  }
  const auto x_ticks = svg::decades(least_x, most_x);
  const auto y_ticks = svg::decades(least_y, most_y);
  const Scale x{x_ticks.front(), x_ticks.back(), left, width - right};
  const Scale y{y_ticks.front(), y_ticks.back(), height - bottom, top};
  for (const double tick : x_ticks) {
    canvas.line(x(tick), top, x(tick), height - bottom, "grid");
    canvas.text(x(tick), height - bottom + 18, svg::tick_text(tick), "label", svg::Anchor::middle);
  }
  for (const double tick : y_ticks) {
    canvas.line(left, y(tick), width - right, y(tick), "grid");
    canvas.text(left - 8, y(tick) + 4, svg::tick_text(tick), "label", svg::Anchor::end);
  }
  // Memory's roof rises to where arithmetic's begins; it starts where the plot does.
  const double ridge = roof / bandwidth;
  const double start = std::max(x.low, y.low / bandwidth);
  std::vector<std::pair<double, double>> line;
  if (start < ridge) line.emplace_back(x(start), y(start * bandwidth));
  line.emplace_back(x(std::max(ridge, x.low)), y(roof));
  line.emplace_back(x(x.high), y(roof));
  canvas.polyline(line, "roof");
  const double label = std::max(ridge, x.low);
  canvas.text(x(label) + 8, y(roof) - 7,
              fmt::format("{:.3g} GMAC/s {}", roof, model.float_model ? "float" : "int8"),
              "strong");
  if (start < ridge) {
    const double middle = std::sqrt(start * ridge);
    canvas.text(x(middle) + 14, y(middle * bandwidth) + 16, fmt::format("{:.3g} GB/s", bandwidth),
                "strong");
  }
  for (const Point& point : points) {
    canvas.circle(x(point.intensity), y(point.rate), 4 + 22 * std::sqrt(point.op->share),
                  operator_style(model, point.op->info.name) + " dot",
                  fmt::format("{} {}: {:.3g} GMAC/s, {:.3g} MACs a byte, {:.1f} % of the time",
                              point.op->info.name, shape_text(point.op->info.output_shape),
                              point.rate, point.intensity, point.op->share * 100));
  }
  canvas.text(left, height - 10,
              "MACs for each byte read or written; above the roofs: data from a cache, or "
              "fewer multiplications than counted",
              "label");
  canvas.text(left - 48, top - 16, "GMAC/s", "label");
  return canvas;
}

}  // namespace aiot::bench
