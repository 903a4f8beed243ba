#include <fmt/format.h>

#include <algorithm>

#include "job/bench/report/plots.hpp"

namespace aiot::bench {

svg::Canvas plot_confusion(const ConfusionMatrix& matrix) {
  const auto classes = static_cast<double>(matrix.classes());
  // Cells that hold their number, until there are too many classes for that.
  const double cell = std::clamp(600.0 / classes, 4.0, 44.0);
  const bool numbers = cell >= 22;
  constexpr double left = 60, top = 50;
  svg::Canvas canvas(left + cell * classes + 20, top + cell * classes + 20);
  canvas.text(left, 16, "taken for", "label");
  canvas.text(left - 8, top - 8, "is", "label", svg::Anchor::end);
  for (std::uint32_t truth = 0; truth < matrix.classes(); ++truth) {
    std::uint64_t all = 0;
    for (std::uint32_t taken = 0; taken < matrix.classes(); ++taken) all += matrix.at(truth, taken);
    const double y = top + cell * truth;
    if (numbers) {
      canvas.text(left - 8, y + cell / 2 + 4, fmt::format("{}", truth), "ink", svg::Anchor::end);
      canvas.text(left + cell * truth + cell / 2, top - 8, fmt::format("{}", truth), "ink",
                  svg::Anchor::middle);
    }
    for (std::uint32_t taken = 0; taken < matrix.classes(); ++taken) {
      const std::uint64_t count = matrix.at(truth, taken);
      const double share = all > 0 ? static_cast<double>(count) / static_cast<double>(all) : 0;
      // Ten steps of a colour: blue on the diagonal, the other one where it is wrong.
      const int step = count == 0 ? 0 : std::clamp(static_cast<int>(share * 10 + 0.5), 1, 10);
      const double x = left + cell * taken;
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

}  // namespace aiot::bench
