#include "protocol/miio/json.hpp"

namespace aiot::miio {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Length of the zeros at text[i] that JSON does not allow in front of a number.
std::size_t idle_zeros(std::string_view text, std::size_t i) {
  std::size_t n = 0;
  while (i + n + 1 < text.size() && text[i + n] == '0' && is_digit(text[i + n + 1])) ++n;
  return n;
}

}  // namespace

std::string repaired_json(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool quoted = false;
  char last = '\0';  // the last character outside strings that is no blank
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      out += c;
      if (c == '\\' && i + 1 < text.size()) out += text[++i];
      quoted = c != '"';
      continue;
    }
    if (c == ',' && (last == ',' || last == '[' || last == '{')) continue;
    if (c == '0' && !is_digit(last) && last != '.') i += idle_zeros(text, i);
    out += text[i];
    quoted = text[i] == '"';
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') last = c;
  }
  return out;
}

}  // namespace aiot::miio
