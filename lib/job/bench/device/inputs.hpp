#pragma once

#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "job/bench/host/labels.hpp"

namespace aiot::bench {

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
