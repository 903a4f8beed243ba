#include <fmt/format.h>

#include <algorithm>

#include "aiot/units.hpp"
#include "image/esp_image.hpp"

namespace aiot::image {
namespace {

bool keep(std::string_view value) { return value.empty() || value == "keep"; }

Error no_setting(std::string_view what, std::string_view value, const EspChip& chip,
                 std::span<const HeaderCode> codes) {
  std::string names;
  for (const HeaderCode& code : codes) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", code.name);
  }
  return make_error(Errc::bad_setting, fmt::format("flash {} \"{}\"", what, value),
                    fmt::format("the {} knows {}", chip.title, names));
}

}  // namespace

Result<HeaderBytes> apply_patch(HeaderBytes now, const EspChip& chip,
                                const flash::HeaderPatch& patch) {
  if (!keep(patch.mode)) {
    const auto code = code_of(flash_modes(), patch.mode);
    if (!code) return no_setting("mode", patch.mode, chip, flash_modes());
    now.mode = *code;
  }
  if (!keep(patch.freq)) {
    const auto code = code_of(chip.freqs, patch.freq);
    if (!code) return no_setting("frequency", patch.freq, chip, chip.freqs);
    now.size_freq = static_cast<std::uint8_t>((now.size_freq & 0xF0) | *code);
  }
  if (!keep(patch.size)) {
    const auto code = code_of(chip.sizes, patch.size);
    if (!code) return no_setting("size", patch.size, chip, chip.sizes);
    now.size_freq = static_cast<std::uint8_t>((now.size_freq & 0x0F) | *code);
  }
  return now;
}

std::string_view header_size_name(const EspChip& chip, std::uint64_t flash_size_bytes) {
  std::string_view best;
  std::uint64_t best_size = 0;
  for (const HeaderCode& code : chip.sizes) {
    const auto size = parse_size(code.name);  // "2MB-c1", a layout of the same size, is none
    if (size && *size <= flash_size_bytes && *size > best_size) {
      best = code.name;
      best_size = *size;
    }
  }
  return best;
}

Result<bool> patch_header(Bytes& image, const EspChip& chip, const flash::HeaderPatch& patch) {
  AIOT_TRY(const EspImageInfo info, parse_esp_image(image));
  AIOT_TRY(const HeaderBytes bytes, apply_patch({info.mode, info.size_freq}, chip, patch));
  if (bytes.mode == info.mode && bytes.size_freq == info.size_freq) return false;
  if (info.hash_appended && !info.hash_valid()) {
    return make_error(Errc::bad_hash, "changing the flash settings in the header",
                      "build the image again, or leave its flash settings as they are");
  }
  image[2] = bytes.mode;
  image[3] = bytes.size_freq;
  if (info.hash_appended) {
    const std::size_t hash_at = info.length_bytes - 32;
    const crypto::Sha256 hash = crypto::sha256(ByteSpan(image).first(hash_at));
    std::copy(hash.begin(), hash.end(), image.begin() + static_cast<std::ptrdiff_t>(hash_at));
  }
  return true;
}

Result<Bytes> encode_esp_image(std::span<const SegmentData> segments,
                               const EncodeOptions& options) {
  if (segments.empty() || segments.size() > esp_max_segments) {
    return make_error(Errc::bad_header, fmt::format("{} segments", segments.size()),
                      "an image has 1 to 16 segments: merge sections in the linker script");
  }
  const bool extended = options.chip && options.chip->image_id;
  Bytes out = {esp_image_magic, static_cast<std::uint8_t>(segments.size()), options.header.mode,
               options.header.size_freq};
  append_le32(out, options.entry);
  if (extended) {
    constexpr std::uint8_t no_wp_pin = 0xEE;
    append(out, Bytes{no_wp_pin, 0, 0, 0});
    append_le16(out, *options.chip->image_id);
    // The legacy field holds a major revision, for boot loaders that know no other.
    out.push_back(static_cast<std::uint8_t>(std::min(options.min_revision / 100, 0xFF)));
    append_le16(out, options.min_revision);
    append_le16(out, options.max_revision);
    append(out, Bytes{0, 0, 0, 0});
    out.push_back(options.hash ? 1 : 0);
  }
  std::uint8_t sum = 0xEF;
  for (const SegmentData& segment : segments) {
    constexpr std::size_t limit = 16 * 1024 * 1024;
    if (segment.data.size() >= limit) {
      return make_error(Errc::bad_header, fmt::format("segment at {:#x}: {} bytes", segment.address,
                                                      segment.data.size()));
    }
    const std::size_t padding = (4 - segment.data.size() % 4) % 4;
    append_le32(out, segment.address);
    append_le32(out, static_cast<std::uint32_t>(segment.data.size() + padding));
    append(out, segment.data);
    out.insert(out.end(), padding, 0);
    for (const std::uint8_t byte : segment.data) sum ^= byte;
  }
  out.resize(out.size() | 15, 0);
  out.push_back(sum);
  if (extended && options.hash) append(out, crypto::sha256(out));
  return out;
}

}  // namespace aiot::image
