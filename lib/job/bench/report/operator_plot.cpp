#include <fmt/format.h>

#include <algorithm>

#include "job/bench/report/plots.hpp"

namespace aiot::bench {
namespace {

constexpr double row_height = 22, label_width = 280, value_width = 215, width = 760;
constexpr std::size_t most_rows = 120;

double us(Nanoseconds time) { return static_cast<double>(time.count()) / 1000; }

}  // namespace

std::string operator_style(const ModelResult& model, std::string_view name) {
  std::vector<std::string_view> kinds;
  for (const OperatorTime& op : model.operators) {
    if (std::find(kinds.begin(), kinds.end(), op.info.name) == kinds.end()) {
      kinds.emplace_back(op.info.name);
    }
  }
  const auto at = std::find(kinds.begin(), kinds.end(), name) - kinds.begin();
  return fmt::format("mark{}", at % 6 + 1);
}

svg::Canvas plot_operators(const RunResult& run, const ModelResult& model) {
  const auto& ops = model.operators;
  const std::size_t rows = std::min(ops.size(), most_rows);
  const bool cut = rows < ops.size();
  svg::Canvas canvas(width, row_height * static_cast<double>(rows + (cut ? 1 : 0)) + 10);
  double slowest = 1e-9;
  for (const OperatorTime& op : ops) slowest = std::max(slowest, us(op.time));
  const double roof = roof_macs_per_s(run, model);
  const double room = width - label_width - value_width;
  for (std::size_t i = 0; i < rows; ++i) {
    const OperatorTime& op = ops[i];
    const double y = row_height * static_cast<double>(i) + 4;
    const double length = std::max(us(op.time) / slowest * room, 1.0);
    canvas.text(24, y + 13, fmt::format("{}", i), "label", svg::Anchor::end);
    canvas.text(32, y + 13, op.info.name, "ink");
    canvas.text(label_width - 10, y + 13, shape_text(op.info.output_shape), "label",
                svg::Anchor::end);
    canvas.rect(label_width, y, length, row_height - 6, operator_style(model, op.info.name),
                fmt::format("{} MACs, {} bytes", op.info.macs, op.info.bytes));
    std::string words = fmt::format("{} · {:.1f} %", time_words(us(op.time)), op.share * 100);
    if (roof > 0 && op.info.macs > 0) {
      words += fmt::format(" · {:.0f} % of peak", macs_per_s(op.info.macs, op.time) / roof * 100);
    }
    canvas.text(label_width + length + 8, y + 13, words, "label");
  }
  if (cut) {
    canvas.text(32, canvas.height() - 8, fmt::format("… and {} more", ops.size() - rows), "label");
  }
  return canvas;
}

}  // namespace aiot::bench
