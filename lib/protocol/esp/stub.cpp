#include "protocol/esp/stub.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

// The only file of this room that names Boost.JSON.
namespace aiot::esp {
namespace {

namespace json = boost::json;

/// Ten times what the largest one is.
constexpr std::size_t max_file_bytes = 256 * 1024;
constexpr std::size_t max_part_bytes = 128 * 1024;

Error invalid(std::string what) {
  return make_error(Errc::stub_invalid, std::move(what),
                    "use the stub files of esptool or of the npm package esptool-js");
}

Result<std::uint32_t> number(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const std::int64_t* n = value == nullptr ? nullptr : value->if_int64();
  if (n == nullptr || *n < 0 || *n > 0xFFFFFFFF)
    return invalid(fmt::format("\"{}\" is no address", name));
  return static_cast<std::uint32_t>(*n);
}

Result<Bytes> part(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  const std::optional<Bytes> bytes =
      text == nullptr ? std::nullopt : from_base64({text->data(), text->size()});
  if (!bytes || bytes->size() > max_part_bytes)
    return invalid(fmt::format("\"{}\" is no code", name));
  return *bytes;
}

bool fits(std::uint32_t start, const Bytes& bytes) {
  return std::uint64_t{start} + bytes.size() <= (std::uint64_t{1} << 32);
}

}  // namespace

Result<Stub> parse_stub(const Chip& chip, std::string_view text) {
  if (text.size() > max_file_bytes) return invalid("too long for a stub");
  json::parse_options options;
  options.max_depth = 8;
  boost::system::error_code failed;
  const json::value document = json::parse({text.data(), text.size()}, failed, {}, options);
  const json::object* object = failed ? nullptr : document.if_object();
  if (object == nullptr) return invalid("not a JSON object");
  Stub stub;
  stub.chip = &chip;
  AIOT_TRY(stub.entry, number(*object, "entry"));
  AIOT_TRY(stub.text, part(*object, "text"));
  AIOT_TRY(stub.text_start, number(*object, "text_start"));
  if (object->contains("data")) {
    AIOT_TRY(stub.data, part(*object, "data"));
    AIOT_TRY(stub.data_start, number(*object, "data_start"));
  }
  if (object->contains("bss_start")) {
    AIOT_TRY(stub.bss_start, number(*object, "bss_start"));
  }
  if (stub.text.empty() || !fits(stub.text_start, stub.text) || !fits(stub.data_start, stub.data))
    return invalid("its parts do not fit the address space");
  if (stub.entry < stub.text_start || stub.entry - stub.text_start >= stub.text.size())
    return invalid("its entry lies outside its code");
  return stub;
}

Result<std::optional<Stub>> find_stub(const Chip& chip, std::uint32_t revision,
                                      std::span<const std::string> directories) {
  if (revision < chip.first_stub_revision) return std::optional<Stub>();
  const bool old = revision < chip.old_stub_below;
  const std::string name(old ? chip.old_stub_file : chip.stub_file);
  for (const std::string& directory : directories) {
    for (const char* subfolder : {"", "2"}) {
      const std::filesystem::path path = std::filesystem::path(directory) / subfolder / name;
      std::ifstream file(path, std::ios::binary);
      if (!file) {
        std::error_code ignored;
        if (!std::filesystem::exists(path, ignored)) continue;
        return Error(boost::system::error_code(errno, boost::system::system_category()),
                     "opening the stub " + path.string());
      }
      std::string text(max_file_bytes + 1, '\0');
      file.read(text.data(), static_cast<std::streamsize>(text.size()));
      text.resize(static_cast<std::size_t>(file.gcount()));
      Result<Stub> stub = parse_stub(chip, text);
      if (!stub) return std::move(stub).error().with(path.string());
      return std::optional<Stub>(std::move(*stub));
    }
  }
  return std::optional<Stub>();
}

}  // namespace aiot::esp
