#pragma once

#include <optional>
#include <span>
#include <string>

#include "aiot/bytes.hpp"
#include "protocol/esp/chip.hpp"
#include "protocol/esp/error.hpp"

namespace aiot::esp {

/// A program that replaces the ROM's loader once it runs in RAM.
struct Stub {
  const Chip* chip = nullptr;
  std::uint32_t entry = 0;
  Bytes text;
  std::uint32_t text_start = 0;
  Bytes data;  ///< may be empty
  std::uint32_t data_start = 0;
  std::uint32_t bss_start = 0;  ///< 0 when the file does not say
};

/// Reads the JSON that esptool and the npm package esptool-js ship (entry, text, text_start, data,
/// data_start, bss_start; the two parts in base64). Errc::stub_invalid says what is wrong with it.
Result<Stub> parse_stub(const Chip& chip, std::string_view json);

/// The stub for this silicon from the first of `directories` that has its file (itself, or its
/// subfolder "2" as in esptool); nullopt when none has, or when this silicon runs no stub.
/// `revision` is major * 100 + minor.
Result<std::optional<Stub>> find_stub(const Chip& chip, std::uint32_t revision,
                                      std::span<const std::string> directories);

}  // namespace aiot::esp
