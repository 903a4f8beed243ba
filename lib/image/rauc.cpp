#include "image/rauc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "crypto/cms.hpp"
#include "crypto/digest.hpp"

namespace aiot::image {
namespace {

constexpr std::array<std::uint8_t, 4> squashfs_magic = {'h', 's', 'q', 's'};
constexpr std::size_t squashfs_head_bytes = 96;
constexpr std::size_t length_bytes = 8;
constexpr std::uint64_t message_limit_bytes = 1U << 20;
constexpr std::size_t block_bytes = 4096;
constexpr std::size_t bundle_images = 256;
constexpr std::array<std::string_view, 3> rauc_formats = {"plain", "verity", "crypt"};

/// Of the message at the end; nullopt when the file has no room for it.
std::optional<std::uint64_t> message_bytes(ByteSpan file) {
  if (file.size() < squashfs_head_bytes + length_bytes) return std::nullopt;
  const std::uint64_t bytes = load_be64(&file[file.size() - length_bytes]);
  const std::uint64_t room = file.size() - squashfs_head_bytes - length_bytes;
  if (bytes == 0 || bytes > std::min(room, message_limit_bytes)) return std::nullopt;
  return bytes;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

Error bad_manifest(std::string_view line) {
  return make_error(Errc::bad_bundle,
                    fmt::format("manifest: \"{}\"", std::string(line.substr(0, 80))));
}

Result<std::uint64_t> manifest_number(std::string_view line, std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return bad_manifest(line);
  return out;
}

Result<Bytes> manifest_hash(std::string_view line, std::string_view text) {
  auto bytes = from_hex(text);
  if (!bytes || bytes->size() != 32) return bad_manifest(line);
  return *std::move(bytes);
}

/// A line `name=value` of a section.
Result<void> take_setting(RaucBundle& bundle, std::string_view section, std::string_view line) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return bad_manifest(line);
  const std::string_view name = trimmed(line.substr(0, equals));
  const std::string_view value = trimmed(line.substr(equals + 1));
  if (section == "update") {
    if (name == "compatible") bundle.compatible = value;
    if (name == "version") bundle.version = value;
    if (name == "build") bundle.build = value;
  } else if (section == "bundle") {
    if (name == "format") {
      const auto format = std::ranges::find(rauc_formats, value);
      if (format == rauc_formats.end()) return bad_manifest(line);
      bundle.format = static_cast<RaucFormat>(format - rauc_formats.begin());
    }
    if (name == "verity-hash") {
      AIOT_TRY(bundle.verity_hash, manifest_hash(line, value));
    }
    if (name == "verity-salt") {
      AIOT_TRY(bundle.verity_salt, manifest_hash(line, value));
    }
    if (name == "verity-size") {
      AIOT_TRY(bundle.verity_bytes, manifest_number(line, value));
    }
  } else if (section.starts_with("image.") && !bundle.images.empty()) {
    RaucImage& image = bundle.images.back();
    if (name == "filename") image.file = value;
    if (name == "sha256") image.sha256 = value;
    if (name == "size") {
      AIOT_TRY(image.size_bytes, manifest_number(line, value));
    }
  }
  return {};
}

/// A key file of GLib ("Desktop Entry Specification", 3), as far as manifests go.
Result<void> read_manifest(RaucBundle& bundle, std::string_view text) {
  std::string_view section;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    if (line.front() != '[') {
      AIOT_CHECK(take_setting(bundle, section, line));
      continue;
    }
    if (line.back() != ']') return bad_manifest(line);
    section = line.substr(1, line.size() - 2);
    if (!section.starts_with("image.")) continue;
    if (bundle.images.size() == bundle_images) return make_error(Errc::too_large, "its images");
    RaucImage image;
    image.slot = section.substr(6);
    bundle.images.push_back(std::move(image));
  }
  return {};
}

/// Tree and data are whole blocks, and the tree has the size of one over the data.
Result<void> check_verity(const RaucBundle& bundle) {
  const bool has_all = bundle.verity_hash.size() == 32 && bundle.verity_salt.size() == 32;
  if (!has_all || bundle.verity_bytes >= bundle.payload_bytes ||
      bundle.payload_bytes % block_bytes != 0 || bundle.verity_bytes % block_bytes != 0) {
    return make_error(Errc::bad_bundle, "manifest: no hash tree that fits");
  }
  return {};
}

/// The hashes of the blocks of `level`, as blocks that zeros fill.
Bytes level_above(ByteSpan level, ByteSpan salt) {
  Bytes out;
  Bytes block(salt.begin(), salt.end());
  block.resize(salt.size() + block_bytes);
  for (std::size_t at = 0; at < level.size(); at += block_bytes) {
    std::ranges::copy(level.subspan(at, block_bytes),
                      block.begin() + static_cast<std::ptrdiff_t>(salt.size()));
    append(out, crypto::sha256(block));
  }
  if (out.size() > 32) out.resize((out.size() + block_bytes - 1) / block_bytes * block_bytes);
  return out;
}

}  // namespace

std::string_view name_of(RaucFormat format) {
  return rauc_formats[static_cast<std::size_t>(format)];
}

bool is_rauc(ByteSpan file) {
  return message_bytes(file) && std::ranges::equal(file.first(4), squashfs_magic);
}

Result<RaucBundle> parse_rauc(ByteSpan file) {
  if (!is_rauc(file)) {
    return make_error(Errc::not_an_image, "no squashfs with a signature behind it");
  }
  RaucBundle out;
  out.signature_bytes = *message_bytes(file);
  out.payload_bytes = file.size() - length_bytes - out.signature_bytes;
  AIOT_TRY(const crypto::CmsMessage message, crypto::read_cms(out.signature(file)));
  if (!message.content) return out;  // plain
  out.format = RaucFormat::verity;
  AIOT_CHECK(read_manifest(out, aiot::to_string(*message.content)));
  if (out.format == RaucFormat::plain) {
    return make_error(Errc::bad_bundle, "manifest: the format plain with a manifest in front");
  }
  AIOT_CHECK(check_verity(out));
  return out;
}

bool is_tree_valid(ByteSpan file, const RaucBundle& bundle) {
  if (bundle.format != RaucFormat::verity) return false;
  const auto data_bytes = static_cast<std::size_t>(bundle.payload_bytes - bundle.verity_bytes);
  ByteSpan stored = bundle.payload(file).subspan(data_bytes);  // its last level comes last
  Bytes level = level_above(file.first(data_bytes), bundle.verity_salt);
  while (level.size() > 32) {
    if (stored.size() < level.size() || !std::ranges::equal(stored.last(level.size()), level)) {
      return false;
    }
    stored = stored.first(stored.size() - level.size());
    level = level_above(level, bundle.verity_salt);
  }
  return stored.empty() && level == bundle.verity_hash;
}

}  // namespace aiot::image
