#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
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

/// A labelled data set on the disk; files are read when they are needed.
class DataSet {
 public:
  /// Reads the labels: `labels`, or y_labels.csv of the folder. Errc::bad_labels;
  /// Condition::invalid_input when it cannot be read.
  static Result<DataSet> open(const std::string& folder, const std::string& labels);

  std::size_t size() const { return labels_.size(); }
  const Label& label(std::size_t index) const { return labels_[index]; }
  /// Looks, without reading them, whether the first `files` files are there and have the size of an
  /// upload, or windows of it. Errc::bad_data; Condition::invalid_input for one that is not there.
  Result<void> check_sizes(std::size_t upload_bytes, std::size_t files) const;
  /// The uploads that a file is cut into: itself, or its windows. Errc::bad_data when it is empty,
  /// too large, or shorter than a window.
  Result<std::vector<Bytes>> uploads(std::size_t index) const;

 private:
  std::string path_of(const Label& label) const { return folder_ + "/" + label.file; }

  std::string folder_;
  std::vector<Label> labels_;
};

}  // namespace aiot::bench
