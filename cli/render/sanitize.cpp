#include "render/sanitize.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "aiot/bytes.hpp"

namespace aiot::cli::render {
namespace {

constexpr char escape_byte = '\x1b';
constexpr std::size_t longest_sequence = 64;

bool is_harmless(char c) { return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\t'; }

/// How many bytes a UTF-8 character that begins with `lead` has; 0 when none does.
std::size_t utf8_length(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0xC2 ? 0 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : byte < 0xF5 ? 4 : 0;
}

/// "\x1b[1;31m" and the like: parameters of digits, and nothing else.
bool is_parameter(char c) { return (c >= '0' && c <= '9') || c == ';' || c == ':'; }

/// True when the sequence leaves everything as it was before any.
bool is_reset(std::string_view sequence) {
  const std::string_view parameters = sequence.substr(2, sequence.size() - 3);
  return parameters.find_first_not_of("0;") == std::string_view::npos;
}

}  // namespace

void Sanitizer::give_up(std::string& out) {
  out += escape_controls(held_);
  held_.clear();
  state_ = State::ground;
}

bool Sanitizer::continue_held(char c, std::string& out) {
  switch (state_) {
    case State::ground: return false;
    case State::cr:
      if (c == '\n') {
        held_.clear();
        state_ = State::ground;
      } else {
        give_up(out);
      }
      return false;
    case State::escape:
      if (c != '[') break;
      held_ += c;
      state_ = State::sequence;
      return true;
    case State::sequence:
      if (is_parameter(c) && held_.size() < longest_sequence) {
        held_ += c;
        return true;
      }
      if (c != 'm') break;
      held_ += c;
      coloured_ = !is_reset(held_);
      out += held_;
      held_.clear();
      state_ = State::ground;
      return true;
    case State::utf8:
      if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) break;
      held_ += c;
      if (held_.size() == utf8_length(held_.front())) give_up(out);
      return true;
  }
  give_up(out);
  return false;
}

void Sanitizer::begin(char c, std::string& out) {
  if (is_harmless(c)) {
    out += c;
    return;
  }
  held_ = c;
  if (c == '\r') {
    state_ = State::cr;
  } else if (c == escape_byte && raw_ == Raw::colour) {
    state_ = State::escape;
  } else if (utf8_length(c) > 0) {
    state_ = State::utf8;
  } else {
    give_up(out);
  }
}

void Sanitizer::feed(std::string_view bytes, std::string& out) {
  if (raw_ == Raw::all) {
    out += bytes;
    return;
  }
  for (const char c : bytes) {
    if (!continue_held(c, out)) begin(c, out);
  }
}

void Sanitizer::finish(std::string& out) {
  // A CR before the end of the message is its line end.
  if (state_ == State::cr) held_.clear();
  give_up(out);
  if (coloured_) out += "\x1b[0m";
  coloured_ = false;
}

bool is_binary(std::string_view bytes) {
  if (bytes.find('\0') != std::string_view::npos) return true;
  const auto odd = std::count_if(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || (byte < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != escape_byte);
  });
  return !is_utf8(bytes) && static_cast<std::size_t>(odd) * 4 > bytes.size();
}

std::string hex_dump(std::string_view bytes) {
  constexpr std::size_t row = 16;
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += row) {
    const std::string_view part = bytes.substr(at, row);
    fmt::format_to(std::back_inserter(out), "{:08x}  {:<{}}  |", at, to_hex(as_bytes(part), " "),
                   row * 3 - 1);
    for (const char c : part) out += c >= 0x20 && c < 0x7F ? c : '.';
    out += "|\n";
  }
  return out;
}

}  // namespace aiot::cli::render
