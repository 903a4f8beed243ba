#include "image/esp_image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "aiot/units.hpp"

namespace aiot::image {
namespace {

constexpr std::uint32_t app_magic = 0xABCD5432;
constexpr std::uint8_t boot_magic = 0x50;

// Offsets in esp_app_desc_t (ESP-IDF, esp_app_desc.h).
constexpr std::size_t at_secure = 4, at_version = 16, at_project = 48, at_time = 80, at_date = 96,
                      at_idf = 112, at_elf = 144, at_min_block = 176, at_max_block = 178,
                      at_mmu = 180;
// Offsets in esp_bootloader_desc_t (esp_bootloader_desc.h).
constexpr std::size_t at_boot_version = 4, at_boot_idf = 8, at_boot_date = 40;

std::string text(ByteSpan data, std::size_t at, std::size_t size) {
  const ByteSpan field = data.subspan(at, size);
  return to_string(field.first(
      static_cast<std::size_t>(std::find(field.begin(), field.end(), 0) - field.begin())));
}

void put(Bytes& out, std::size_t at, std::size_t size, std::string_view value) {
  std::copy_n(value.begin(), std::min(size, value.size()),
              out.begin() + static_cast<std::ptrdiff_t>(at));
}

bool printable(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

constexpr std::size_t header_size = 8;
constexpr std::size_t extended_size = 16;
constexpr std::uint8_t checksum_seed = 0xEF;

std::uint8_t checksum(ByteSpan data, std::uint8_t seed) {
  for (const std::uint8_t byte : data) seed ^= byte;
  return seed;
}

bool in_esp8266_memory(std::uint32_t address) {
  return address >= 0x3FFE8000 && address < 0x40300000 &&
         (address < 0x40000000 || address >= 0x40100000);
}

/// One pass over the file. Offsets are 64 bits wide: sums of 32-bit fields cannot wrap.
class ImageReader {
 public:
  ImageReader(ByteSpan file, bool extended) : file_(file) { info_.extended = extended; }

  EspImageInfo run() {
    std::uint64_t at = 0;
    if (file_[0] == esp8266_v2_magic) {
      info_.version = 2;
      // The v2 header is followed by the IROM part, which no checksum covers, and a v1 image.
      if (!segment(header_size, false)) return std::move(info_);
      at = end_of_last();
      if (at + header_size > file_.size()) {
        give_up(at, "the second header is missing");
        return std::move(info_);
      }
      if (file_[at] != esp_image_magic) {
        problem(Errc::bad_header, fmt::format("no image header at {:#x}", at));
        info_.length_bytes = at;
        return std::move(info_);
      }
    }
    const std::uint8_t count = header(at);
    at += header_size;
    if (info_.extended) {
      extended_header(at);
      at += extended_size;
    }
    if (count == 0 || count > esp_max_segments) {
      problem(Errc::bad_header, fmt::format("{} segments; an image has 1 to 16", count));
    }
    for (std::size_t i = 0; i < std::min<std::size_t>(count, esp_max_segments); ++i) {
      if (!segment(at, true)) return std::move(info_);
      at = end_of_last();
    }
    trailer(at);
    return std::move(info_);
  }

 private:
  void problem(Errc code, std::string text) { info_.problems.push_back({code, std::move(text)}); }

  void give_up(std::uint64_t at, std::string_view what) {
    problem(Errc::truncated, fmt::format("{} (at {:#x} of {:#x} bytes)", what, at, file_.size()));
    info_.length_bytes = file_.size();
  }

  std::uint64_t end_of_last() const {
    return info_.segments.back().data_offset() + info_.segments.back().size_bytes;
  }

  std::uint8_t header(std::uint64_t at) {
    const std::uint8_t* p = file_.data() + at;
    info_.mode = p[2];
    info_.size_freq = p[3];
    info_.entry = load_le32(p + 4);
    return p[1];
  }

  void extended_header(std::uint64_t at) {
    const std::uint8_t* p = file_.data() + at;
    info_.wp_pin = p[0];
    for (std::size_t i = 0; i < 3; ++i) {
      info_.drive[2 * i] = p[1 + i] & 0x0F;
      info_.drive[2 * i + 1] = p[1 + i] >> 4;
    }
    info_.chip_id = load_le16(p + 4);
    info_.min_revision_legacy = p[6];
    info_.min_revision = load_le16(p + 7);
    info_.max_revision = load_le16(p + 9);
    info_.hash_appended = p[15] == 1;
    if (p[15] > 1) {
      problem(Errc::bad_header, fmt::format("hash flag is {}, not 0 or 1", p[15]));
    }
    info_.chip = find_chip_by_image_id(info_.chip_id);
    if (!info_.chip) problem(Errc::bad_header, fmt::format("chip id {} is unknown", info_.chip_id));
  }

  bool segment(std::uint64_t at, bool in_checksum) {
    if (at + 8 > file_.size()) {
      give_up(at, fmt::format("segment {} has no header", info_.segments.size()));
      return false;
    }
    EspSegment segment;
    segment.header_offset = at;
    segment.address = load_le32(file_.data() + at);
    segment.size_bytes = load_le32(file_.data() + at + 4);
    segment.in_checksum = in_checksum;
    info_.segments.push_back(segment);
    if (segment.data_offset() + segment.size_bytes > file_.size()) {
      give_up(at, fmt::format("segment {} is cut off: {} bytes of data announced",
                              info_.segments.size() - 1, segment.size_bytes));
      return false;
    }
    return true;
  }

  void trailer(std::uint64_t at) {
    info_.computed_checksum = checksum_seed;
    for (const EspSegment& s : info_.segments) {
      if (!s.in_checksum) continue;
      info_.computed_checksum =
          checksum(file_.subspan(s.data_offset(), s.size_bytes), info_.computed_checksum);
    }
    // The checksum is the last byte of the next block of 16.
    const std::uint64_t end = (at | 15) + 1;
    if (end > file_.size()) {
      give_up(at, "the checksum is missing");
      return;
    }
    info_.stored_checksum = file_[end - 1];
    info_.length_bytes = end;
    if (!info_.checksum_valid()) {
      problem(Errc::bad_checksum, fmt::format("checksum is {:#04x}, computed {:#04x}",
                                              *info_.stored_checksum, info_.computed_checksum));
    }
    if (!info_.hash_appended) return;
    info_.computed_hash = crypto::sha256(file_.first(end));
    if (end + 32 > file_.size()) {
      give_up(end, "the SHA-256 is missing");
      return;
    }
    crypto::Sha256 stored{};
    std::copy_n(file_.begin() + static_cast<std::ptrdiff_t>(end), 32, stored.begin());
    info_.stored_hash = stored;
    info_.length_bytes = end + 32;
    if (!info_.hash_valid()) {
      problem(Errc::bad_hash, fmt::format("SHA-256 is {}, computed {}", to_hex(stored),
                                          to_hex(*info_.computed_hash)));
    }
  }

  ByteSpan file_;
  EspImageInfo info_;
};

void find_descriptions(EspImageInfo& info, ByteSpan file) {
  if (!info.chip) return;
  bool first_ram = true;
  for (const EspSegment& s : info.segments) {
    if (s.data_offset() > file.size()) return;
    const ByteSpan data =
        file.subspan(s.data_offset())
            .first(std::min<std::size_t>(s.size_bytes, file.size() - s.data_offset()));
    if (info.chip->is_flash(s.address)) {
      if (!info.app) info.app = parse_app_description(data);
    } else if (s.address != 0 && first_ram && data.size() >= boot_description_size) {
      first_ram = false;
      info.boot = parse_boot_description(data);
    }
  }
  if (info.app) info.boot.reset();
}

// The ESP8266 RTOS SDK writes the ESP32's layout with a chip id of 0, which is the ESP32's: only
// the addresses tell. No ESP32 program has code at 0x4010_0000 and none in its own IRAM.
bool is_rtos_sdk(const EspImageInfo& info) {
  if (info.chip_id != 0 || info.segments.empty()) return false;
  bool iram = false;
  for (const EspSegment& s : info.segments) {
    if (!in_esp8266_memory(s.address)) return false;
    iram = iram || (s.address >= 0x40100000 && s.address < 0x40110000);
  }
  return iram;
}

EspImageInfo parse_as(ByteSpan file, bool extended) {
  EspImageInfo info = ImageReader(file, extended).run();
  if (!extended) info.chip = find_chip("esp8266");
  if (extended && is_rtos_sdk(info)) {
    info.chip = find_chip("esp8266");
    info.version = 3;
  }
  find_descriptions(info, file);
  return info;
}

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

std::optional<AppDescription> parse_app_description(ByteSpan data) {
  if (data.size() < app_description_size || load_le32(data.data()) != app_magic) return {};
  AppDescription app;
  app.secure_version = load_le32(data.data() + at_secure);
  app.version = text(data, at_version, 32);
  app.project = text(data, at_project, 32);
  app.time = text(data, at_time, 16);
  app.date = text(data, at_date, 16);
  app.idf_version = text(data, at_idf, 32);
  std::copy_n(data.begin() + at_elf, 32, app.elf_sha256.begin());
  app.min_efuse_block_revision = load_le16(data.data() + at_min_block);
  app.max_efuse_block_revision = load_le16(data.data() + at_max_block);
  const std::uint8_t page_log2 = data[at_mmu];
  if (page_log2 != 0 && page_log2 < 32) app.mmu_page_size_bytes = 1U << page_log2;
  return app;
}

std::optional<BootDescription> parse_boot_description(ByteSpan data) {
  if (data.size() < boot_description_size || data[0] != boot_magic) return {};
  BootDescription boot;
  boot.version = load_le32(data.data() + at_boot_version);
  boot.idf_version = text(data, at_boot_idf, 32);
  boot.compiled = text(data, at_boot_date, 24);
  if (boot.idf_version.empty() || !printable(boot.idf_version) || !printable(boot.compiled)) {
    return {};
  }
  return boot;
}

Bytes encode_app_description(const AppDescription& app) {
  Bytes out(app_description_size, 0);
  store_le32(out.data(), app_magic);
  store_le32(out.data() + at_secure, app.secure_version);
  put(out, at_version, 31, app.version);
  put(out, at_project, 31, app.project);
  put(out, at_time, 15, app.time);
  put(out, at_date, 15, app.date);
  put(out, at_idf, 31, app.idf_version);
  std::copy(app.elf_sha256.begin(), app.elf_sha256.end(), out.begin() + at_elf);
  store_le16(out.data() + at_min_block, app.min_efuse_block_revision);
  store_le16(out.data() + at_max_block, app.max_efuse_block_revision);
  for (std::uint8_t log2 = 1; log2 < 32; ++log2) {
    if (app.mmu_page_size_bytes == 1U << log2) out[at_mmu] = log2;
  }
  return out;
}

Bytes encode_boot_description(const BootDescription& boot) {
  Bytes out(boot_description_size, 0);
  out[0] = boot_magic;
  store_le32(out.data() + at_boot_version, boot.version);
  put(out, at_boot_idf, 31, boot.idf_version);
  put(out, at_boot_date, 23, boot.compiled);
  return out;
}

bool RevisionRange::holds(std::uint32_t revision) const {
  std::uint32_t part = revision;
  if (counts == Counts::major) part = revision / 100 * 100;
  if (counts == Counts::minor) part = revision % 100;
  return part >= least && (!most || revision <= *most);
}

RevisionRange EspImageInfo::revisions() const {
  const bool bounded = max_revision != 0 && max_revision != 0xFFFF;
  RevisionRange range{min_revision, std::nullopt, RevisionRange::Counts::all};
  if (bounded) {
    range.most = max_revision;
  } else if (min_revision == 0 && min_revision_legacy != 0) {
    const bool minor = chip != nullptr && chip->name == "esp32c3";
    range.least = minor ? min_revision_legacy : min_revision_legacy * 100U;
    range.counts = minor ? RevisionRange::Counts::minor : RevisionRange::Counts::major;
  }
  return range;
}

EspImageKind EspImageInfo::kind() const {
  if (app || version == 2) return EspImageKind::application;
  for (const EspSegment& s : segments) {
    if (chip && chip->is_flash(s.address)) return EspImageKind::application;
  }
  return EspImageKind::bootloader;
}

Result<EspImageInfo> parse_esp_image(ByteSpan file) {
  if (file.empty()) return make_error(Errc::empty_file);
  if (file[0] != esp_image_magic && file[0] != esp8266_v2_magic) {
    return make_error(Errc::not_an_image, fmt::format("first byte is {:#04x}", file[0]));
  }
  if (file.size() < header_size + extended_size) {
    return make_error(Errc::truncated, fmt::format("{} bytes, less than a header", file.size()));
  }
  if (file[0] == esp8266_v2_magic) return parse_as(file, false);
  // What follows the common header is the extended header, or on the ESP8266 the first segment.
  const bool may_be_8266 = in_esp8266_memory(load_le32(file.data() + header_size));
  const bool may_be_extended = file[header_size + extended_size - 1] <= 1 &&
                               find_chip_by_image_id(load_le16(file.data() + 12)) != nullptr;
  if (!may_be_8266) return parse_as(file, true);
  if (!may_be_extended) return parse_as(file, false);
  EspImageInfo as_8266 = parse_as(file, false);
  if (as_8266.intact()) return as_8266;
  EspImageInfo as_extended = parse_as(file, true);
  return as_extended.problems.size() < as_8266.problems.size() ? as_extended : as_8266;
}

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
