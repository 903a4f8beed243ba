#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "image/errors.hpp"

/// Intel HEX: "Hexadecimal Object File Format Specification", revision A (1988).
namespace aiot::image {

/// Bytes without a gap.
struct HexRange {
  std::uint32_t address = 0;
  Bytes data;
  std::uint64_t end() const { return std::uint64_t{address} + data.size(); }
};

struct HexFile {
  std::vector<HexRange> ranges;        ///< by address; none touch or overlap
  std::optional<std::uint32_t> entry;  ///< of a start linear address (05) or CS:IP (03) record
};

/// True when `text` begins as a record: a colon and hex digits.
bool is_intel_hex(ByteSpan text);

/// Reads records 00 to 05; line ends may be LF or CRLF, blank lines are skipped, nothing may follow
/// the end record. Errc::bad_hex names the line; data that would be written twice is Errc::overlap;
/// more than 65,536 ranges is Errc::too_large.
Result<HexFile> parse_intel_hex(std::string_view text);

/// Records of 16 bytes, with extended linear addresses (04) where needed and LF line ends.
std::string write_intel_hex(std::span<const HexRange> ranges,
                            std::optional<std::uint32_t> entry = std::nullopt);

}  // namespace aiot::image
