#include "job/bench/device_inputs.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "job/bench/error.hpp"

namespace aiot::bench {
namespace {

/// A data set's largest file has some hundred kilobytes.
constexpr std::uintmax_t most_file_bytes = 16U << 20;

Result<Bytes> read_file(const std::string& path, Errc code, std::uintmax_t most) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) {
    return make_error(code, fmt::format("{}: {}", path, error.message()),
                      "see that the folder is the benchmark's, and whole");
  }
  if (size > most) return make_error(code, fmt::format("{}: {} bytes", path, size));
  std::ifstream file(path, std::ios::binary);
  Bytes out(static_cast<std::size_t>(size));
  if (!file.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()))) {
    return make_error(code, path + ": it cannot be read");
  }
  return out;
}

}  // namespace

Result<DataSet> DataSet::open(const std::string& folder, const std::string& labels) {
  DataSet out;
  out.folder_ = folder;
  const std::string path = labels.empty() ? folder + "/y_labels.csv" : labels;
  AIOT_TRY(const Bytes text, read_file(path, Errc::bad_labels, most_label_bytes));
  AIOT_TRY(out.labels_, parse_labels(to_string(text)).with(path));
  return out;
}

Result<std::vector<Bytes>> DataSet::uploads(std::size_t index) const {
  const Label& label = labels_[index];
  AIOT_TRY(Bytes bytes, read_file(folder_ + "/" + label.file, Errc::bad_data, most_file_bytes));
  if (bytes.empty()) return make_error(Errc::bad_data, label.file + ": it is empty");
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
    return make_error(Errc::bad_data, fmt::format("{}: shorter than a window of {} bytes",
                                                  label.file, window.bytes));
  }
  return out;
}

}  // namespace aiot::bench
