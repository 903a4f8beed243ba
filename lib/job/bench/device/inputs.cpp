#include "job/bench/device/inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "image/files.hpp"
#include "job/bench/host/error.hpp"

namespace aiot::bench {
namespace {

/// A data set's largest file has some hundred kilobytes.
constexpr std::uintmax_t most_file_bytes = 16U << 20;

Error misfit(std::string what) {
  return make_error(Errc::bad_data, std::move(what),
                    "see that files and labels are of the device's benchmark");
}

}  // namespace

Result<DataSet> DataSet::open(const std::string& folder, const std::string& labels) {
  DataSet out;
  out.folder_ = folder;
  const std::string path = labels.empty() ? folder + "/y_labels.csv" : labels;
  AIOT_TRY(const Bytes text, image::read_file(path, most_label_bytes));
  AIOT_TRY(out.labels_, parse_labels(to_string(text)).with(path));
  return out;
}

Result<void> DataSet::check_sizes(std::size_t upload_bytes, std::size_t files) const {
  for (std::size_t i = 0; i < std::min(files, labels_.size()); ++i) {
    const Label& label = labels_[i];
    std::error_code error;
    const std::uintmax_t there = std::filesystem::file_size(path_of(label), error);
    // What cannot be looked at cannot be read either: that says why.
    if (error) {
      AIOT_CHECK(image::read_file(path_of(label), most_file_bytes));
    }
    const std::uintmax_t bytes = label.window ? label.window->bytes : there;
    if (bytes != upload_bytes) {
      return misfit(fmt::format("{}: {} of {} bytes, the device's model takes {}", label.file,
                                label.window ? "windows" : "a file", bytes, upload_bytes));
    }
  }
  return {};
}

Result<std::vector<Bytes>> DataSet::uploads(std::size_t index) const {
  const Label& label = labels_[index];
  AIOT_TRY(Bytes bytes, image::read_file(path_of(label), most_file_bytes));
  if (bytes.empty()) return misfit(label.file + ": it is empty");
  std::vector<Bytes> out;
  if (!label.window) {
    out.push_back(std::move(bytes));
    return out;
  }
  const Window& window = *label.window;
  for (std::size_t at = 0; at + window.bytes <= bytes.size(); at += window.stride) {
    const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    out.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(window.bytes));
    if (window.stride == 0) break;
  }
  if (out.empty()) {
    return misfit(fmt::format("{}: shorter than a window of {} bytes", label.file, window.bytes));
  }
  return out;
}

}  // namespace aiot::bench
