#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/flash.hpp"
#include "aiot/result.hpp"
#include "crypto/digest.hpp"
#include "image/errors.hpp"
#include "image/esp_chip.hpp"

/// ESP application and boot loader images: Espressif, "Firmware Image Format" (esptool
/// documentation) and "App Image Format" (ESP-IDF); for the ESP8266 also its SDK's v2 images.
namespace aiot::image {

inline constexpr std::uint8_t esp_image_magic = 0xE9;
inline constexpr std::uint8_t esp8266_v2_magic = 0xEA;
inline constexpr std::size_t esp_max_segments = 16;

struct EspSegment {
  std::uint32_t address = 0;        ///< load address; 0 for padding and for the v2 IROM part
  std::uint32_t size_bytes = 0;     ///< as the header says, also when the file ends before
  std::uint64_t header_offset = 0;  ///< of its 8-byte header in the file
  bool in_checksum = true;

  std::uint64_t data_offset() const { return header_offset + 8; }
};

/// esp_app_desc_t, at the start of the first segment in flash-mapped data.
struct AppDescription {
  std::uint32_t secure_version = 0;
  std::string version;
  std::string project;
  std::string time;
  std::string date;
  std::string idf_version;
  crypto::Sha256 elf_sha256{};
  std::uint16_t min_efuse_block_revision = 0;  ///< major * 100 + minor
  std::uint16_t max_efuse_block_revision = 0;
  std::uint32_t mmu_page_size_bytes = 0;  ///< 0 when not given
};

/// esp_bootloader_desc_t, at the start of a boot loader's first segment in RAM.
struct BootDescription {
  std::uint32_t version = 0;
  std::string idf_version;
  std::string compiled;
};

/// Something wrong with a file that was understood all the same.
struct Problem {
  Errc code;
  std::string text;  ///< where and what
};

enum class EspImageKind { bootloader, application };

/// The revisions of the chip that an image is for, as major * 100 + minor.
struct RevisionRange {
  enum class Counts { all, major, minor };

  std::uint32_t least = 0;
  std::optional<std::uint32_t> most;
  Counts counts = Counts::all;  ///< the part of a revision that `least` is compared with

  bool holds(std::uint32_t revision) const;
};

/// What an ESP image says of itself.
struct EspImageInfo {
  const EspChip* chip = nullptr;  ///< nullptr: the chip id is not known
  std::uint16_t chip_id = 0;      ///< 0 for the ESP8266 too
  int version = 1;                ///< 2: the ESP8266 SDK's v2 image; 3: ESP8266 RTOS SDK; else 1
  bool extended = false;          ///< has the 16-byte extended header
  std::uint8_t mode = 0;          ///< header byte 2
  std::uint8_t size_freq = 0;     ///< header byte 3
  std::uint32_t entry = 0;
  std::uint8_t wp_pin = 0xEE;
  std::array<std::uint8_t, 6> drive{};  ///< clk, q, d, cs, hd, wp
  std::uint8_t min_revision_legacy = 0;
  std::uint16_t min_revision = 0;       ///< major * 100 + minor
  std::uint16_t max_revision = 0xFFFF;  ///< likewise; 0 and 0xFFFF: no bound
  std::vector<EspSegment> segments;
  std::uint8_t computed_checksum = 0;
  std::optional<std::uint8_t> stored_checksum;  ///< nullopt: the file ends before it
  bool hash_appended = false;
  std::optional<crypto::Sha256> computed_hash;
  std::optional<crypto::Sha256> stored_hash;
  std::uint64_t length_bytes = 0;  ///< up to and with checksum and SHA-256; what follows is not it
  std::optional<AppDescription> app;
  std::optional<BootDescription> boot;
  std::vector<Problem> problems;

  bool intact() const { return problems.empty(); }
  bool checksum_valid() const { return stored_checksum == computed_checksum; }
  bool hash_valid() const { return hash_appended && stored_hash && stored_hash == computed_hash; }
  /// An image with a segment in mapped flash is an application; one that lives in RAM alone is what
  /// the ROM loads: a boot loader.
  EspImageKind kind() const;
  /// From the full fields; where these are not set, from the legacy byte, which holds the major
  /// revision, on the ESP32-C3 the minor one (as esptool 5.3.1 decides in write_flash).
  RevisionRange revisions() const;
};

/// Understands `file` as far as it goes: what is wrong is in `problems`. Errc::not_an_image when it
/// does not begin as one, Errc::truncated when not even the header is there.
Result<EspImageInfo> parse_esp_image(ByteSpan file);

/// Sets mode, frequency and size in the header of the boot loader at the start of `image` and
/// renews its SHA-256; the checksum does not cover the header. Fields "" and "keep" stay; "detect"
/// must have become a size before. True when a byte changed. Errc::bad_hash when the hash was wrong
/// before (a new one would hide the damage), Errc::bad_setting when the chip has no such setting.
Result<bool> patch_header(Bytes& image, const EspChip& chip, const flash::HeaderPatch& patch);

/// The codes of `patch` for header bytes 2 and 3, starting from what stands there.
struct HeaderBytes {
  std::uint8_t mode = 0;
  std::uint8_t size_freq = 0;
};
Result<HeaderBytes> apply_patch(HeaderBytes now, const EspChip& chip,
                                const flash::HeaderPatch& patch);

/// The largest header size that is at most `flash_size_bytes`; "" when there is none.
std::string_view header_size_name(const EspChip& chip, std::uint64_t flash_size_bytes);

struct SegmentData {
  std::uint32_t address = 0;
  Bytes data;
};
struct EncodeOptions {
  const EspChip* chip = nullptr;
  std::uint32_t entry = 0;
  HeaderBytes header;
  std::uint16_t min_revision = 0;
  std::uint16_t max_revision = 0xFFFF;
  bool hash = true;  ///< not for the ESP8266
};
/// Writes the segments in this order, with checksum and SHA-256. Data is padded with zeros to
/// words. Errc::bad_header when there are none, more than 16, or one of 16 MiB and more.
Result<Bytes> encode_esp_image(std::span<const SegmentData> segments, const EncodeOptions& options);

inline constexpr std::size_t app_description_size = 256;
inline constexpr std::size_t boot_description_size = 80;

/// Reads the esp_app_desc_t at the start of `data`; nullopt when its magic word is not there.
std::optional<AppDescription> parse_app_description(ByteSpan data);
/// Likewise the esp_bootloader_desc_t. One byte of magic is little: its text must be text as well.
std::optional<BootDescription> parse_boot_description(ByteSpan data);
/// The 256 bytes of an esp_app_desc_t; strings are cut to their fields.
Bytes encode_app_description(const AppDescription& app);
/// The 80 bytes of an esp_bootloader_desc_t.
Bytes encode_boot_description(const BootDescription& boot);

}  // namespace aiot::image
