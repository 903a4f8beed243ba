#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "aiot/units.hpp"
#include "image/firmware_set.hpp"
#include "image/limits.hpp"

/// flasher_args.json, which a build by ESP-IDF writes.
namespace aiot::image {
namespace {

namespace json = boost::json;

Error bad_build(std::string context, std::string hint = {}) {
  return make_error(Errc::bad_build, std::move(context), std::move(hint));
}

const json::object* object_at(const json::object& parent, std::string_view key) {
  const json::value* value = parent.if_contains(key);
  return value ? value->if_object() : nullptr;
}

std::string string_at(const json::object* parent, std::string_view key) {
  const json::value* value = parent ? parent->if_contains(key) : nullptr;
  const json::string* text = value ? value->if_string() : nullptr;
  return text ? std::string(*text) : std::string();
}

/// Old builds say only `write_flash_args`, a command line.
std::string option_at(const json::object& root, std::string_view underscored,
                      std::string_view dashed) {
  const json::value* value = root.if_contains("write_flash_args");
  const json::array* words = value ? value->if_array() : nullptr;
  if (!words) return {};
  for (std::size_t i = 0; i + 1 < words->size(); ++i) {
    const json::string* word = (*words)[i].if_string();
    const json::string* next = (*words)[i + 1].if_string();
    if (word && next && (*word == underscored || *word == dashed)) return std::string(*next);
  }
  return {};
}

std::string setting(const json::object& root, std::string_view key, std::string_view underscored,
                    std::string_view dashed) {
  std::string value = string_at(object_at(root, "flash_settings"), key);
  return value.empty() ? option_at(root, underscored, dashed) : value;
}

/// Files are repeated by role ("app", "bootloader", …) with a word on encryption.
bool is_encrypted(const json::object& root, std::string_view path) {
  for (const auto& [role, value] : root) {
    const json::object* entry = value.if_object();
    if (string_at(entry, "file") == path && string_at(entry, "encrypted") == "true") return true;
  }
  return false;
}

}  // namespace

Result<FlasherArgs> parse_flasher_args(std::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 16;
  const json::value document =
      json::parse({text.data(), text.size()}, error, json::storage_ptr(), options);
  if (error) return bad_build(fmt::format("not JSON: {}", error.message()));
  const json::object* root = document.if_object();
  if (!root) return bad_build("not a JSON object");
  const json::object* files = object_at(*root, "flash_files");
  if (!files || files->empty()) {
    return bad_build("no flash_files", "build the project first; the file is written by the build");
  }
  if (files->size() > limits::build_files) return bad_build(fmt::format("{} files", files->size()));
  FlasherArgs args;
  for (const auto& [key, value] : *files) {
    const auto offset = parse_size(std::string_view(key.data(), key.size()));
    if (!offset || *offset > std::numeric_limits<std::uint32_t>::max()) {
      return bad_build(fmt::format("offset \"{}\"", std::string_view(key.data(), key.size())));
    }
    const json::string* path = value.if_string();
    if (!path || path->empty()) return bad_build(fmt::format("no file for {:#x}", *offset));
    const std::string name(*path);
    args.files.push_back({static_cast<std::uint32_t>(*offset), name, is_encrypted(*root, name)});
  }
  std::sort(args.files.begin(), args.files.end(),
            [](const BuildFile& a, const BuildFile& b) { return a.offset < b.offset; });
  args.header.mode = setting(*root, "flash_mode", "--flash_mode", "--flash-mode");
  args.header.freq = setting(*root, "flash_freq", "--flash_freq", "--flash-freq");
  args.header.size = setting(*root, "flash_size", "--flash_size", "--flash-size");
  const json::object* extra = object_at(*root, "extra_esptool_args");
  args.chip = string_at(extra, "chip");
  args.before = string_at(extra, "before");
  args.after = string_at(extra, "after");
  if (const json::value* stub = extra ? extra->if_contains("stub") : nullptr) {
    if (const bool* wanted = stub->if_bool()) args.stub = *wanted;
  }
  return args;
}

}  // namespace aiot::image
