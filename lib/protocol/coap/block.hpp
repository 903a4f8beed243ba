#pragma once

#include <cstdint>
#include <optional>

#include "aiot/bytes.hpp"

namespace aiot::coap {

/// The value of a Block1 or Block2 option: RFC 7959, section 2.2.
struct Block {
  std::uint32_t number = 0;  ///< below 2^20
  bool more = false;
  std::uint8_t size_exponent = 6;  ///< 0 to 6: blocks of 16 to 1024 bytes

  std::size_t size_bytes() const { return std::size_t{16} << size_exponent; }
  /// Where the block begins in the whole.
  std::size_t offset_bytes() const { return number * size_bytes(); }
  std::uint32_t value() const {
    return number << 4 | static_cast<std::uint32_t>(more) << 3 | size_exponent;
  }
};

/// Nothing for a value beyond three bytes, or the reserved size exponent 7.
std::optional<Block> parse_block(ByteSpan value);

}  // namespace aiot::coap
