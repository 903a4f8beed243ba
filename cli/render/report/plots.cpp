#include "render/report/plots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "render/figures.hpp"

namespace aiot::cli::render {
namespace {

struct Mark {
  const char* name;
  double us;
};

/// What an axis counts in, so that its numbers stay short.
struct Unit {
  const char* name;
  double us;
};
Unit unit_of(double high_us) {
  if (high_us < 1e3) return {"µs", 1};
  return high_us < 1e6 ? Unit{"ms", 1e3} : Unit{"s", 1e6};
}

/// An operator on the plot.
struct Point {
  const bench::Operator* op;
  double intensity = 0;  ///< MACs a byte
  double rate = 0;       ///< GMACs a second
};

std::vector<Point> points_of(const bench::ModelResult& model) {
  std::vector<Point> points;
  for (const bench::Operator& op : model.operators) {
    if (op.macs == 0 || op.bytes == 0 || op.time_us <= 0) continue;
    points.push_back({&op, static_cast<double>(op.macs) / static_cast<double>(op.bytes),
                      op.gmacs_per_s});
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

svg::Canvas plot_latency(const bench::ModelResult& model) {
  constexpr double left = 56, right = 24, top = 64, bottom = 44;
  constexpr double width = 760, height = 290;
  svg::Canvas canvas(width, height);
  if (model.latency.histogram.empty()) return canvas;
  const auto& bins = model.latency.histogram;
  const double low = bins.front().from_us;
  const double bin_width = bins.front().to_us - low;
  const double high = low + bin_width * static_cast<double>(bins.size());
  std::uint64_t most = 1;
  for (const bench::Bin& bin : bins) most = std::max(most, bin.count);
  const auto x_of = [&](double value) {
    return left + (std::clamp(value, low, high) - low) / (high - low) * (width - left - right);
  };
  const auto y_of = [&](double count) {
    return height - bottom - count / static_cast<double>(most) * (height - top - bottom);
  };

  for (const double tick : svg::whole_ticks(static_cast<double>(most), 4)) {
    canvas.line(left, y_of(tick), width - right, y_of(tick), "grid");
    canvas.text(left - 8, y_of(tick) + 4, svg::tick_text(tick), "label", svg::Anchor::end);
  }
  const Unit unit = unit_of(high);
  for (const double tick : svg::ticks(low / unit.us, high / unit.us, 8)) {
    const double x = x_of(tick * unit.us);
    canvas.line(x, height - bottom, x, height - bottom + 4, "axis");
    canvas.text(x, height - bottom + 18, svg::tick_text(tick), "label",
                svg::Anchor::middle);
  }
  for (std::size_t i = 0; i < bins.size(); ++i) {
    const bench::Bin& bin = bins[i];
    if (bin.count == 0) continue;
    const double x = x_of(low + bin_width * static_cast<double>(i));
    const double step = (width - left - right) / static_cast<double>(bins.size());
    const double y = std::min(y_of(static_cast<double>(bin.count)), height - bottom - 1);
    const bool tail = bins.size() > 1 && i + 1 == bins.size();
    canvas.rect(x, y, std::max(step - 1, 0.5), height - bottom - y, tail ? "mark tail" : "mark",
                fmt::format("{} to {}: {} runs", microseconds(bin.from_us), microseconds(bin.to_us),
                            bin.count));
  }
  canvas.line(left, height - bottom, width - right, height - bottom, "axis");
  const bench::Latency& l = model.latency;
  const std::array<Mark, 3> marks = {{{"p50", l.p50_us}, {"p90", l.p90_us}, {"p99", l.p99_us}}};
  double row = 0;
  for (const Mark& mark : marks) {
    const double x = x_of(mark.us);
    const double y = 18 + 16 * row++;
    const bool crowded = x > width - 150;
    canvas.line(x, y - 8, x, height - bottom, "rule");
    canvas.text(x + (crowded ? -6 : 6), y,
                fmt::format("{} {}{}", mark.name, microseconds(mark.us),
                            mark.us > high ? " →" : ""),
                "strong", crowded ? svg::Anchor::end : svg::Anchor::start);
  }
  canvas.text(left, height - 8, fmt::format("latency in {}; the last bar holds all that is slower", unit.name), "label");
  canvas.text(width - right, height - 8, fmt::format("slowest {}", microseconds(l.max_us)), "label",
              svg::Anchor::end);
  return canvas;
}

std::string operator_style(const bench::ModelResult& model, std::string_view name) {
  std::vector<std::string_view> kinds;
  for (const bench::Operator& op : model.operators) {
    if (std::find(kinds.begin(), kinds.end(), op.name) == kinds.end()) {
      kinds.emplace_back(op.name);
    }
  }
  const auto at = std::find(kinds.begin(), kinds.end(), name) - kinds.begin();
  return fmt::format("mark{}", at % 6 + 1);
}

svg::Canvas plot_operators(const bench::ModelResult& model) {
  constexpr double row_height = 22, label_width = 280, value_width = 215, width = 760;
  constexpr std::size_t most_rows = 120;
  const auto& ops = model.operators;
  const std::size_t rows = std::min(ops.size(), most_rows);
  const bool cut = rows < ops.size();
  svg::Canvas canvas(width, row_height * static_cast<double>(rows + (cut ? 1 : 0)) + 10);
  double slowest = 1e-9;
  for (const bench::Operator& op : ops) slowest = std::max(slowest, op.time_us);
  const double room = width - label_width - value_width;
  for (std::size_t i = 0; i < rows; ++i) {
    const bench::Operator& op = ops[i];
    const double y = row_height * static_cast<double>(i) + 4;
    const double length = std::max(op.time_us / slowest * room, 1.0);
    canvas.text(24, y + 13, fmt::format("{}", i), "label", svg::Anchor::end);
    canvas.text(32, y + 13, op.name, "ink");
    canvas.text(label_width - 10, y + 13, shape_words(op.output_shape), "label",
                svg::Anchor::end);
    canvas.rect(label_width, y, length, row_height - 6, operator_style(model, op.name),
                fmt::format("{} MACs, {} bytes", op.macs, op.bytes));
    std::string words = fmt::format("{} · {:.1f} %", microseconds(op.time_us), op.share * 100);
    if (op.peak_share) words += fmt::format(" · {:.0f} % of peak", *op.peak_share * 100);
    canvas.text(label_width + length + 8, y + 13, words, "label");
  }
  if (cut) {
    canvas.text(32, canvas.height() - 8, fmt::format("… and {} more", ops.size() - rows), "label");
  }
  return canvas;
}

svg::Canvas plot_roofline(const bench::RunResult& run, const bench::ModelResult& model) {
  constexpr double left = 60, right = 24, top = 34, bottom = 48;
  constexpr double width = 760, height = 380;
  svg::Canvas canvas(width, height);
  const double roof = model.peak_gmacs_per_s;
  const double bandwidth = run.peak ? run.peak->gb_per_s : 0;
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
              fmt::format("{:.3g} GMAC/s {}", roof, model.is_float ? "float" : "int8"),
              "strong");
  if (start < ridge) {
    const double middle = std::sqrt(start * ridge);
    canvas.text(x(middle) + 14, y(middle * bandwidth) + 16, fmt::format("{:.3g} GB/s", bandwidth),
                "strong");
  }
  for (const Point& point : points) {
    canvas.circle(x(point.intensity), y(point.rate), 4 + 22 * std::sqrt(point.op->share),
                  operator_style(model, point.op->name) + " dot",
                  fmt::format("{} {}: {:.3g} GMAC/s, {:.3g} MACs a byte, {:.1f} % of the time",
                              point.op->name, shape_words(point.op->output_shape),
                              point.rate, point.intensity, point.op->share * 100));
  }
  canvas.text(left, height - 10,
              "MACs for each byte read or written; above the roofs: data from a cache, or "
              "fewer multiplications than counted",
              "label");
  canvas.text(left - 48, top - 16, "GMAC/s", "label");
  return canvas;
}

svg::Canvas plot_confusion(const std::vector<std::vector<std::uint64_t>>& matrix) {
  const auto classes = static_cast<double>(matrix.size());
  // Cells that hold their number, until there are too many classes for that.
  const double cell = std::clamp(600.0 / classes, 4.0, 44.0);
  const bool numbers = cell >= 22;
  constexpr double left = 60, top = 50;
  svg::Canvas canvas(left + cell * classes + 20, top + cell * classes + 20);
  canvas.text(left, 16, "taken for", "label");
  canvas.text(left - 8, top - 8, "is", "label", svg::Anchor::end);
  for (std::size_t truth = 0; truth < matrix.size(); ++truth) {
    std::uint64_t all = 0;
    for (const std::uint64_t count : matrix[truth]) all += count;
    const double y = top + cell * static_cast<double>(truth);
    if (numbers) {
      canvas.text(left - 8, y + cell / 2 + 4, fmt::format("{}", truth), "ink", svg::Anchor::end);
      canvas.text(left + cell * static_cast<double>(truth) + cell / 2, top - 8, fmt::format("{}", truth), "ink",
                  svg::Anchor::middle);
    }
    for (std::size_t taken = 0; taken < matrix[truth].size(); ++taken) {
      const std::uint64_t count = matrix[truth][taken];
      const double share = all > 0 ? static_cast<double>(count) / static_cast<double>(all) : 0;
      // Ten steps of a colour: blue on the diagonal, the other one where it is wrong.
      const int step = count == 0 ? 0 : std::clamp(static_cast<int>(share * 10 + 0.5), 1, 10);
      const double x = left + cell * static_cast<double>(taken);
      canvas.rect(x, y, cell - 1, cell - 1,
                  fmt::format("cell {}{}", truth == taken ? "right" : "wrong", step),
                  fmt::format("{} of class {} taken for {}", count, truth, taken));
      if (numbers && count > 0) {
        canvas.text(x + (cell - 1) / 2, y + cell / 2 + 4,
                    svg::tick_text(static_cast<double>(count)), step > 5 ? "on-mark" : "ink",
                    svg::Anchor::middle);
      }
    }
  }
  return canvas;
}

}  // namespace aiot::cli::render
