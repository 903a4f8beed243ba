#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/export.hpp"

namespace aiot {

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;

/// Views the characters of `text` as bytes.
inline ByteSpan as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Copies bytes into a string, unchanged.
inline std::string to_string(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Lower-case hex, two digits a byte, no separators unless one is given.
AIOT_API std::string to_hex(ByteSpan bytes, std::string_view separator = {});

/// Parses hex digits; blanks between bytes are allowed, an odd digit or another character is not.
AIOT_API std::optional<Bytes> from_hex(std::string_view text);

/// RFC 4648 base64 with padding.
AIOT_API std::string to_base64(ByteSpan bytes);

/// Parses RFC 4648 base64; white space is skipped, anything else that is not base64 is refused.
AIOT_API std::optional<Bytes> from_base64(std::string_view text);

/// True when `text` is well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF).
AIOT_API bool is_utf8(std::string_view text);

/// `text` made safe for a terminal: C0, C1, DEL, bidirectional controls and invalid UTF-8 become
/// `\xNN` or `\u{NNNN}`; everything else, line feeds too when `keep_newlines`, is kept.
AIOT_API std::string escape_controls(std::string_view text, bool keep_newlines = false);

/// Little-endian loads and stores. The caller has checked the bounds.
inline std::uint16_t load_le16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>(p[0] | (p[1] << 8));
}
inline std::uint32_t load_le32(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(p[0]) | (static_cast<std::uint32_t>(p[1]) << 8) |
         (static_cast<std::uint32_t>(p[2]) << 16) | (static_cast<std::uint32_t>(p[3]) << 24);
}
inline std::uint64_t load_le64(const std::uint8_t* p) {
  return load_le32(p) | (static_cast<std::uint64_t>(load_le32(p + 4)) << 32);
}
/// Big-endian loads.
inline std::uint16_t load_be16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>(p[0] << 8 | p[1]);
}
inline std::uint32_t load_be32(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(load_be16(p)) << 16 | load_be16(p + 2);
}
inline std::uint64_t load_be64(const std::uint8_t* p) {
  return static_cast<std::uint64_t>(load_be32(p)) << 32 | load_be32(p + 4);
}
inline void store_le16(std::uint8_t* p, std::uint16_t v) {
  p[0] = static_cast<std::uint8_t>(v);
  p[1] = static_cast<std::uint8_t>(v >> 8);
}
inline void store_le32(std::uint8_t* p, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) p[i] = static_cast<std::uint8_t>(v >> (8 * i));
}
inline void append(Bytes& out, ByteSpan more) { out.insert(out.end(), more.begin(), more.end()); }
inline void append_le16(Bytes& out, std::uint16_t v) {
  out.push_back(static_cast<std::uint8_t>(v));
  out.push_back(static_cast<std::uint8_t>(v >> 8));
}
inline void append_le32(Bytes& out, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
}

}  // namespace aiot
