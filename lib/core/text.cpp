#include <fmt/format.h>

#include <cstdint>
#include <cstring>

#include "aiot/bytes.hpp"

namespace aiot {
namespace {

/// Length of the well-formed UTF-8 sequence at `text[i]`, and its code point; 0 when it is not one.
int decode_utf8(std::string_view text, std::size_t i, char32_t& point) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned lead = byte(i);
  if (lead < 0x80) {
    point = lead;
    return 1;
  }
  const int length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || i + length > text.size()) return 0;
  point = lead & (0x7FU >> length);
  for (int k = 1; k < length; ++k) {
    const unsigned next = byte(i + k);
    if ((next & 0xC0U) != 0x80U) return 0;
    point = point << 6 | (next & 0x3FU);
  }
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (point < smallest[length] || point > 0x10FFFF) return 0;
  if (point >= 0xD800 && point <= 0xDFFF) return 0;
  return length;
}

/// C0, DEL, C1, line and paragraph separators, and what can reorder or hide text on a terminal.
bool is_unsafe(char32_t point) {
  if (point < 0x20 || (point >= 0x7F && point < 0xA0)) return true;
  if (point == 0x061C || point == 0xFEFF) return true;
  return (point >= 0x200B && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) ||
         (point >= 0x2060 && point <= 0x206F);
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    // Most text is ASCII: eight bytes at a time.
    constexpr std::uint64_t high_bits = 0x8080808080808080ULL;
    if (std::uint64_t eight = 0; text.size() - i >= sizeof eight) {
      std::memcpy(&eight, text.data() + i, sizeof eight);
      if ((eight & high_bits) == 0) {
        i += sizeof eight;
        continue;
      }
    }
    char32_t point = 0;
    const int length = decode_utf8(text, i, point);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string escape_controls(std::string_view text, bool keep_newlines) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    char32_t point = 0;
    const int length = decode_utf8(text, i, point);
    if (length == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i]));
      ++i;
      continue;
    }
    if (point == '\n' && keep_newlines) {
      out += '\n';
    } else if (is_unsafe(point)) {
      out += point < 0x80 ? fmt::format("\\x{:02x}", static_cast<unsigned>(point))
                          : fmt::format("\\u{{{:x}}}", static_cast<unsigned>(point));
    } else {
      out += text.substr(i, length);
    }
    i += length;
  }
  return out;
}

}  // namespace aiot
