#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace aiot::image {

/// A range of a chip's address space. Ranges of one chip may overlap.
struct MemoryRange {
  std::uint32_t begin;
  std::uint32_t end;      ///< first address behind it
  std::string_view name;  ///< as Espressif names it: "DROM", "IRAM", "RTC_DATA" …
};

/// A setting's name and its code in the image header.
struct HeaderCode {
  std::string_view name;
  std::uint8_t code;
};

/// What a chip means for images: ids, offsets, header codes, memory map. From the chips' technical
/// reference manuals and Espressif's "Firmware Image Format".
struct EspChip {
  std::string_view name;                  ///< "esp32c3"
  std::string_view title;                 ///< "ESP32-C3"
  std::optional<std::uint16_t> image_id;  ///< chip id of the extended header; the ESP8266 has none
  std::uint32_t bootloader_offset;        ///< of the boot loader in flash
  bool riscv;
  std::span<const HeaderCode> sizes;  ///< high nibble of header byte 3
  std::span<const HeaderCode> freqs;  ///< low nibble of header byte 3
  std::span<const MemoryRange> memory;
  MemoryRange irom;  ///< flash mapped for instructions
  MemoryRange drom;  ///< flash mapped for data
  /// Sizes of the MMU's pages it can be set to, ascending; 0x10000 is among them
  /// and the default.
  std::span<const std::uint32_t> mmu_pages;

  /// True when `address` is in flash that the MMU maps.
  bool is_flash(std::uint32_t address) const {
    return (address >= irom.begin && address < irom.end) ||
           (address >= drom.begin && address < drom.end);
  }
  /// Names of the ranges that `address` is in, in the table's order.
  std::vector<std::string_view> memory_names(std::uint32_t address) const;
};

std::span<const EspChip> esp_chips();
/// By name or title, whatever its case and dashes: "esp32c3", "ESP32-C3"; nullptr when unknown.
const EspChip* find_chip(std::string_view name);
/// By the chip id of the extended header; nullptr when unknown.
const EspChip* find_chip_by_image_id(std::uint16_t id);

/// SPI modes of header byte 2, the same for all chips: qio, qout, dio, dout.
std::span<const HeaderCode> flash_modes();

/// The code of `name` (case ignored), or nullopt.
std::optional<std::uint8_t> code_of(std::span<const HeaderCode> codes, std::string_view name);
/// The first name of `code`, or "" when it has none.
std::string_view name_of(std::span<const HeaderCode> codes, std::uint8_t code);

}  // namespace aiot::image
