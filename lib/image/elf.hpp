#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "image/esp_image.hpp"

/// 32-bit little-endian ELF executables (Tool Interface Standard, ELF 1.2), as far as firmware
/// needs them (sections and segments with contents), and the image that an ESP boots of one: the
/// layout that ESP-IDF's boot loader maps ("Firmware Image Format"; the bytes that esptool's
/// elf2image writes).
namespace aiot::image {

struct ElfSection {
  std::string name;
  std::uint32_t type = 0;
  std::uint32_t address = 0;
  std::uint32_t size_bytes = 0;
  std::uint32_t offset = 0;  ///< in the file
  std::uint32_t alignment = 0;

  static constexpr std::uint32_t progbits = 1, nobits = 8, init_array = 14, fini_array = 15,
                                 preinit_array = 16;
  /// True when the section has bytes that a program is made of.
  bool has_contents() const {
    return type == progbits || type == init_array || type == fini_array || type == preinit_array;
  }
};

/// A PT_LOAD segment.
struct ElfSegment {
  std::uint32_t virtual_address = 0;
  std::uint32_t physical_address = 0;  ///< where a programmer puts it
  std::uint32_t offset = 0;            ///< in the file
  std::uint32_t size_bytes = 0;        ///< in the file
  std::uint32_t memory_bytes = 0;
  std::uint32_t flags = 0;  ///< 1 execute, 2 write, 4 read
};

struct Elf {
  std::uint16_t machine = 0;
  std::uint32_t entry = 0;
  std::vector<ElfSection> sections;
  std::vector<ElfSegment> segments;  ///< PT_LOAD only

  static constexpr std::uint16_t xtensa = 94, arm = 40, riscv = 243;
};

/// "xtensa", "riscv", "arm", else "machine 0x12".
std::string elf_machine_name(std::uint16_t machine);

bool is_elf(ByteSpan file);

/// Reads the headers. Every section with contents and every segment lies within the file.
/// Errc::not_an_image without the ELF magic, Errc::bad_elf for 64 bits, big-endian or wrong
/// headers, Errc::too_large for contents beyond limits::elf_contents_bytes.
Result<Elf> parse_elf(ByteSpan file);

/// Whether headers, segments and sections of an ELF file of 32 or 64 bits and of either byte order
/// lie within the file. Errc::not_an_image, Errc::bad_elf.
Result<void> check_elf(ByteSpan file);

/// The contents of a section or segment of an Elf that parse_elf() made from this `file`.
ByteSpan contents(ByteSpan file, const ElfSection& section);
ByteSpan contents(ByteSpan file, const ElfSegment& segment);

/// The chip an ELF was linked for, by its machine and addresses; nullptr when several fit.
const EspChip* chip_of_elf(const Elf& elf);

/// Makes the image of `elf`, which parse_elf() read from `file`. Sections mapped to flash get file
/// offsets that are congruent to their addresses modulo the MMU's page; sections in RAM fill the
/// gaps. The application description gets the ELF's SHA-256. `options.entry` is the ELF's own.
/// Errc::wrong_chip when machine or addresses are another chip's, Errc::bad_elf when two sections
/// want the same page or are not word-aligned, Errc::unsupported for the ESP8266, whose programs
/// are two files.
Result<Bytes> elf_to_esp_image(ByteSpan file, const Elf& elf, EncodeOptions options);

}  // namespace aiot::image
