#include "image/esp_image.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "image/esp_description.hpp"

namespace aiot::image {
namespace {

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
class Reader {
 public:
  Reader(ByteSpan file, bool extended) : file_(file) { info_.extended = extended; }

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

void describe(EspImageInfo& info, ByteSpan file) {
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
  EspImageInfo info = Reader(file, extended).run();
  if (!extended) info.chip = find_chip("esp8266");
  if (extended && is_rtos_sdk(info)) {
    info.chip = find_chip("esp8266");
    info.version = 3;
  }
  describe(info, file);
  return info;
}

}  // namespace

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

}  // namespace aiot::image
