#include "protocol/ble/uuid.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aiot::ble {
namespace {

constexpr std::array<std::uint8_t, 16> base = {0,    0,    0,    0,    0,    0,    0x10, 0,
                                               0x80, 0x00, 0x00, 0x80, 0x5F, 0x9B, 0x34, 0xFB};

}  // namespace

Uuid Uuid::of(std::uint32_t number) {
  Uuid out{base};
  for (std::size_t i = 0; i < 4; ++i) out.bytes[3 - i] = static_cast<std::uint8_t>(number >> 8 * i);
  return out;
}

std::optional<Uuid> Uuid::from_air(ByteSpan bytes) {
  if (bytes.size() == 2) return of(load_le16(bytes.data()));
  if (bytes.size() == 4) return of(load_le32(bytes.data()));
  if (bytes.size() != 16) return std::nullopt;
  Uuid out;
  std::reverse_copy(bytes.begin(), bytes.end(), out.bytes.begin());
  return out;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  std::string digits;
  if (text.size() == 36) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
      if (hyphen != (text[i] == '-')) return std::nullopt;
      if (!hyphen) digits += text[i];
    }
  } else if (text.size() == 4 || text.size() == 8) {
    digits = text;
  } else {
    return std::nullopt;
  }
  std::optional<Bytes> bytes = from_hex(digits);
  if (!bytes || bytes->size() * 2 != digits.size()) return std::nullopt;
  std::reverse(bytes->begin(), bytes->end());
  return from_air(*bytes);
}

std::optional<std::uint32_t> Uuid::number() const {
  if (!std::equal(bytes.begin() + 4, bytes.end(), base.begin() + 4)) return std::nullopt;
  return static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
         static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3];
}

std::string Uuid::str() const {
  if (const auto n = number())
    return *n > 0xFFFF ? fmt::format("{:08x}", *n) : fmt::format("{:04x}", *n);
  std::string out = to_hex(bytes);
  for (const std::size_t at : {20, 16, 12, 8}) out.insert(at, 1, '-');
  return out;
}

}  // namespace aiot::ble
