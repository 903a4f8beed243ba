#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/result.hpp"

namespace aiot::bench {

/// How a file is cut into inputs: each `bytes` long, `stride` bytes after the one before.
struct Window {
  std::uint32_t bytes = 0;
  std::uint32_t stride = 0;
};

/// One file of a data set and what it is.
struct Label {
  std::string file;  ///< relative, within the data set's folder
  std::uint32_t classes = 0;
  std::uint32_t truth = 0;  ///< below `classes`
  std::optional<Window> window;
};

/// Limits of parse_labels().
constexpr std::size_t most_label_bytes = 16U << 20;
constexpr std::uint32_t most_classes = 1000;

/// y_labels.csv of MLPerf Tiny (mlcommons/tiny, benchmark/evaluation/datasets): a line a file, with
/// `file, classes, class` and, for sliding windows, `, window, stride` in bytes. Empty lines are
/// skipped. Errc::bad_labels names the line: a field missing or no number, a class out of range,
/// another number of classes than the line before, a name that leaves the folder, nothing at all.
Result<std::vector<Label>> parse_labels(std::string_view text);

}  // namespace aiot::bench
