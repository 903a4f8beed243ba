#include "job/bench/host/labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "aiot/bytes.hpp"
#include "image/files.hpp"
#include "job/bench/host/error.hpp"

namespace aiot::bench {
namespace {

constexpr std::uint32_t most_window_bytes = 256U << 20;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

Error bad(std::size_t line, const std::string& what) {
  return make_error(Errc::bad_labels, fmt::format("line {}: {}", line, what),
                    "each line is: file, number of classes, class, and for sliding windows the "
                    "window's bytes and its stride");
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto comma = line.find(',');
    fields.push_back(trimmed(line.substr(0, comma)));
    if (comma == std::string_view::npos || fields.size() > 5) return fields;
    line.remove_prefix(comma + 1);
  }
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last) return std::nullopt;
  return value;
}

/// A label file may come from anywhere; what it names must lie in the data set's folder.
bool stays_inside(std::string_view file) {
  if (file.empty() || file.front() == '/') return false;
  if (file.find('\0') != std::string_view::npos) return false;
  while (!file.empty()) {
    const auto slash = file.find('/');
    if (file.substr(0, slash) == "..") return false;
    file.remove_prefix(slash == std::string_view::npos ? file.size() : slash + 1);
  }
  return true;
}

Result<Label> parse_line(std::string_view text, std::size_t line) {
  const auto fields = fields_of(text);
  if (fields.size() != 3 && fields.size() != 5) {
    return bad(line, fmt::format("{} fields where 3 or 5 belong", fields.size()));
  }
  std::vector<std::uint32_t> numbers;
  for (std::size_t i = 1; i < fields.size(); ++i) {
    const auto value = number(fields[i]);
    if (!value) return bad(line, fmt::format("\"{}\" is no number", escape_controls(fields[i])));
    numbers.push_back(*value);
  }
  Label label{std::string(fields[0]), numbers[0], numbers[1], std::nullopt};
  if (!stays_inside(label.file)) {
    return bad(line, fmt::format("\"{}\" is not a file in the data set's folder",
                                 escape_controls(label.file)));
  }
  if (label.classes < 2 || label.classes > most_classes) {
    return bad(line, fmt::format("{} classes; 2 to {} are taken", label.classes, most_classes));
  }
  if (label.truth >= label.classes) {
    return bad(line, fmt::format("class {} of {}", label.truth, label.classes));
  }
  if (numbers.size() == 4) {
    label.window = Window{numbers[2], numbers[3]};
    const bool fits = label.window->bytes > 0 && label.window->bytes <= most_window_bytes;
    if (!fits || label.window->stride == 0) return bad(line, "a window or stride of no use");
  }
  return label;
}

}  // namespace

Result<std::vector<Label>> parse_labels(std::string_view text) {
  if (text.size() > most_label_bytes) {
    return make_error(Errc::bad_labels, fmt::format("{} bytes", text.size()),
                      fmt::format("at most {} bytes are taken", most_label_bytes));
  }
  std::vector<Label> labels;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto end = text.find('\n');
    const auto words = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (words.empty()) continue;
    AIOT_TRY(Label label, parse_line(words, line));
    if (!labels.empty() && labels.front().classes != label.classes) {
      return bad(line, fmt::format("{} classes, where earlier lines have {}", label.classes,
                                   labels.front().classes));
    }
    labels.push_back(std::move(label));
  }
  if (labels.empty()) {
    return make_error(Errc::bad_labels, "no line names a file",
                      "each line is: file, number of classes, class");
  }
  return labels;
}

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
