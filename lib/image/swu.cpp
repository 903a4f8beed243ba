#include "image/swu.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <numeric>
#include <optional>

#include "aiot/value.hpp"
#include "crypto/digest.hpp"
#include "image/libconfig.hpp"

namespace aiot::image {
namespace {

constexpr std::string_view hardware_list = "hardware-compatibility";
constexpr std::string_view newc_magic = "070701";
constexpr std::string_view crc_magic = "070702";
constexpr std::string_view last_name = "TRAILER!!!";
constexpr std::size_t head_bytes = 110;
constexpr std::size_t name_limit_bytes = 256;
constexpr std::size_t swu_files = 4096;
constexpr std::uint64_t description_limit_bytes = 1U << 20;
constexpr unsigned description_depth = 32;

/// The fields of a cpio header that matter here (cpio(5), "New ASCII Format").
struct CpioEntry {
  SwuFile file;
  std::uint32_t checksum = 0;
  bool has_checksum = false;
  std::uint64_t next = 0;  ///< where the next header begins
};

std::optional<std::uint32_t> hex_field(ByteSpan head, std::size_t number) {
  const auto bytes = from_hex(aiot::to_string(head.subspan(6 + 8 * number, 8)));
  if (!bytes || bytes->size() != 4) return std::nullopt;
  return load_be32(bytes->data());
}

std::uint64_t in_words(std::uint64_t bytes) { return (bytes + 3) & ~std::uint64_t{3}; }

Result<CpioEntry> read_entry(ByteSpan archive, std::uint64_t at) {
  if (at > archive.size() || archive.size() - at < head_bytes) {
    return make_error(Errc::truncated, "a file's header");
  }
  const ByteSpan head = archive.subspan(static_cast<std::size_t>(at), head_bytes);
  const std::string magic = aiot::to_string(head.first(6));
  const auto size = hex_field(head, 6);
  const auto name_size = hex_field(head, 11);
  const auto checksum = hex_field(head, 12);
  if ((magic != newc_magic && magic != crc_magic) || !size || !name_size || !checksum) {
    return make_error(Errc::bad_bundle, fmt::format("no header of a file at {}", at));
  }
  if (*name_size < 1 || *name_size > name_limit_bytes) {
    return make_error(Errc::bad_bundle, "a file name that is too long");
  }
  CpioEntry out;
  out.file.size_bytes = *size;
  out.file.offset = in_words(at + head_bytes + *name_size);
  out.checksum = *checksum;
  out.has_checksum = magic == crc_magic;
  out.next = in_words(out.file.offset + out.file.size_bytes);
  if (out.file.offset + out.file.size_bytes > archive.size()) {
    return make_error(Errc::truncated, "a file");
  }
  const ByteSpan name = archive.subspan(static_cast<std::size_t>(at + head_bytes), *name_size);
  out.file.name = aiot::to_string(name.first(name.size() - 1));
  const bool ends = name.back() == 0 && out.file.name.find('\0') == std::string::npos;
  if (!ends) return make_error(Errc::bad_bundle, "a file name without its end");
  return out;
}

Value to_value(const boost::json::value& json) {
  if (const auto* object = json.if_object()) {
    Object out;
    for (const auto& [name, value] : *object) out.add(name, to_value(value));
    return out;
  }
  if (const auto* array = json.if_array()) {
    Array out;
    for (const auto& value : *array) out.push_back(to_value(value));
    return out;
  }
  if (const auto* text = json.if_string()) return std::string_view(*text);
  return nullptr;  // nothing that is looked at here
}

Result<Object> read_description(ByteSpan bytes) {
  const std::string text = aiot::to_string(bytes);
  if (text.find_first_not_of(" \t\r\n") == std::string::npos ||
      text[text.find_first_not_of(" \t\r\n")] != '{') {
    return parse_libconfig(text);
  }
  boost::json::parse_options options;
  options.max_depth = description_depth;
  boost::system::error_code error;
  const boost::json::value json = boost::json::parse(text, error, {}, options);
  if (error || !json.is_object()) return make_error(Errc::bad_bundle, error.message());
  return *to_value(json).object();
}

std::string text_of(const Object& object, std::string_view name) {
  const Value* value = object.find(name);
  return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
}

/// Boards and software collections may nest everything: artifacts are the groups with a file name.
void collect(const Object& group, SwuArchive& out, unsigned depth) {
  if (depth > description_depth) return;
  if (const std::string file = text_of(group, "filename"); !file.empty()) {
    out.artifacts.push_back(
        {file, text_of(group, "type"), text_of(group, "version"), text_of(group, "sha256")});
  }
  for (const auto& [name, value] : group.fields()) {
    if (const Object* inner = value.object()) {
      collect(*inner, out, depth + 1);
      continue;
    }
    const Array* list = value.array();
    if (list == nullptr) continue;
    for (const Value& element : *list) {
      if (name == hardware_list && element.string() != nullptr) {
        if (std::ranges::find(out.hardware, *element.string()) == out.hardware.end()) {
          out.hardware.push_back(*element.string());
        }
      } else if (const Object* inner = element.object()) {
        collect(*inner, out, depth + 1);
      }
    }
  }
}

void check_artifact(ByteSpan file, const SwuArtifact& artifact, SwuArchive& out) {
  const SwuFile* found = out.find(artifact.file);
  if (found == nullptr) {
    out.problems.push_back({Errc::truncated, artifact.file + " is not in the archive"});
  } else if (!artifact.sha256.empty() && from_hex(artifact.sha256).value_or(Bytes()) != [&] {
               const crypto::Sha256 sum = crypto::sha256(contents(file, *found));
               return Bytes(sum.begin(), sum.end());
             }()) {
    out.problems.push_back({Errc::bad_hash, artifact.file + ": its SHA-256 differs"});
  }
}

}  // namespace

const SwuFile* SwuArchive::find(std::string_view file) const {
  const auto found = std::ranges::find(files, file, &SwuFile::name);
  return found == files.end() ? nullptr : &*found;
}

bool is_cpio(ByteSpan file) {
  const std::string_view begin(reinterpret_cast<const char*>(file.data()), file.size());
  return begin.starts_with("070701") || begin.starts_with("070702");
}

bool is_swu(ByteSpan file) {
  const auto entry = read_entry(file, 0);
  return entry && entry->file.name == swu_description;
}

bool is_for(const SwuArchive& archive, std::string_view hardware) {
  if (archive.hardware.empty() || std::ranges::count(archive.boards, hardware) > 0) return true;
  return std::ranges::any_of(archive.hardware, [&](std::string_view entry) {
    if (entry.starts_with("#RE:")) return true;
    const std::size_t colon = entry.find(':');
    const std::string_view board = entry.substr(0, colon);
    const std::string_view revision =
        colon == std::string_view::npos ? entry : entry.substr(colon + 1);
    if (hardware == entry || hardware == board || hardware == revision) return true;
    if (revision.empty() || !hardware.ends_with(revision)) return false;
    const char before = hardware[hardware.size() - revision.size() - 1];
    return std::string_view("-_.+").find(before) != std::string_view::npos;
  });
}

Result<SwuArchive> parse_swu(ByteSpan file) {
  if (file.size() < 6 || (aiot::to_string(file.first(6)) != newc_magic &&
                          aiot::to_string(file.first(6)) != crc_magic)) {
    return make_error(Errc::not_an_image, "no cpio archive");
  }
  SwuArchive out;
  for (std::uint64_t at = 0;;) {
    AIOT_TRY(CpioEntry entry, read_entry(file, at));
    if (entry.file.name == last_name) break;
    if (out.files.empty() && entry.file.name != swu_description) {
      return make_error(Errc::bad_bundle, "its first file is no sw-description");
    }
    if (out.find(entry.file.name) != nullptr) {
      return make_error(Errc::bad_bundle, "two files of one name: " + entry.file.name);
    }
    if (out.files.size() == swu_files) return make_error(Errc::too_large, "too many files");
    const ByteSpan bytes = contents(file, entry.file);
    if (entry.has_checksum &&
        std::accumulate(bytes.begin(), bytes.end(), std::uint32_t{0}) != entry.checksum) {
      out.problems.push_back({Errc::bad_checksum, entry.file.name + ": its checksum differs"});
    }
    out.total_bytes = entry.file.offset + entry.file.size_bytes;
    out.files.push_back(std::move(entry.file));
    at = entry.next;
  }
  if (out.files.empty()) return make_error(Errc::bad_bundle, "it has no files");
  if (out.files.front().size_bytes > description_limit_bytes) {
    return make_error(Errc::too_large, "its sw-description");
  }
  Result<Object> description =
      read_description(contents(file, out.files.front())).with(swu_description);
  if (!description) return std::move(description).error();
  const Value* software = description->find("software");
  if (software == nullptr || software->object() == nullptr) {
    return make_error(Errc::bad_bundle, "sw-description: no software");
  }
  for (const auto& [name, value] : software->object()->fields()) {
    const Object* board = value.object();
    if (board != nullptr && board->find(hardware_list) != nullptr) out.boards.push_back(name);
  }
  out.version = text_of(*software->object(), "version");
  out.name = text_of(*software->object(), "name");
  collect(*software->object(), out, 0);
  for (const SwuArtifact& artifact : std::vector<SwuArtifact>(out.artifacts)) {
    check_artifact(file, artifact, out);
  }
  return out;
}

}  // namespace aiot::image
