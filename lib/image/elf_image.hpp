#pragma once

#include "image/elf.hpp"
#include "image/esp_image.hpp"

/// From a linked program to what an ESP boots: the layout that ESP-IDF's boot loader maps
/// ("Firmware Image Format"; the same bytes that esptool's elf2image writes).
namespace aiot::image {

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
