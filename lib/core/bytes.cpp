#include "aiot/bytes.hpp"

#include <algorithm>
#include <array>

#include "core/mac.hpp"

namespace aiot {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

constexpr std::array<std::int8_t, 256> base64_values = [] {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < base64_digits.size(); ++i) {
    table[static_cast<unsigned char>(base64_digits[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}();

}  // namespace

std::string to_hex(ByteSpan bytes, std::string_view separator) {
  std::string out;
  out.reserve(bytes.size() * (2 + separator.size()));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i != 0) out += separator;
    out += hex_digits[bytes[i] >> 4];
    out += hex_digits[bytes[i] & 15];
  }
  return out;
}

std::optional<Bytes> from_hex(std::string_view text) {
  Bytes out;
  for (std::size_t i = 0; i < text.size();) {
    if (is_blank(text[i])) {
      ++i;
      continue;
    }
    if (i + 1 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>(high << 4 | low));
    i += 2;
  }
  return out;
}

std::string to_base64(ByteSpan bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    std::uint32_t word = static_cast<std::uint32_t>(bytes[i]) << 16;
    if (left > 1) word |= static_cast<std::uint32_t>(bytes[i + 1]) << 8;
    if (left > 2) word |= bytes[i + 2];
    out += base64_digits[word >> 18];
    out += base64_digits[word >> 12 & 63];
    out += left > 1 ? base64_digits[word >> 6 & 63] : '=';
    out += left > 2 ? base64_digits[word & 63] : '=';
  }
  return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
  Bytes out;
  std::uint32_t word = 0;
  int digits = 0;
  int padding = 0;
  for (char c : text) {
    if (is_blank(c)) continue;
    if (c == '=') {
      if (digits < 2 || ++padding > 2) return std::nullopt;
    } else if (padding != 0) {
      return std::nullopt;
    }
    const int value = c == '=' ? 0 : base64_values[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    word = word << 6 | static_cast<std::uint32_t>(value);
    if (++digits == 4) {
      out.push_back(static_cast<std::uint8_t>(word >> 16));
      if (padding < 2) out.push_back(static_cast<std::uint8_t>(word >> 8));
      if (padding < 1) out.push_back(static_cast<std::uint8_t>(word));
      word = 0;
      digits = 0;
    }
  }
  if (digits != 0) return std::nullopt;
  return out;
}

std::optional<Mac> parse_mac(std::string_view text) {
  std::string digits;
  if (text.size() == 17) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool separator = i % 3 == 2;
      if (separator != (text[i] == ':' || text[i] == '-')) return std::nullopt;
      if (!separator) digits += text[i];
    }
  } else {
    digits = text;
  }
  const std::optional<Bytes> bytes = from_hex(digits);
  Mac out{};
  if (digits.size() != 12 || !bytes || bytes->size() != out.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

}  // namespace aiot
