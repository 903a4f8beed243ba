#include "job/listen/panic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace aiot::listen {
namespace {

constexpr std::size_t most_mentions = 64;
constexpr std::size_t longest_line = 4096;
constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Takes a hexadecimal number of eight digits, with 0x or without, from the front of `text`.
std::optional<std::uint64_t> take_word(std::string_view& text) {
  std::string_view rest = text;
  if (rest.starts_with("0x")) rest.remove_prefix(2);
  constexpr std::size_t digits = 8;
  if (rest.size() < digits) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + digits, value, 16);
  if (error != std::errc() || end != rest.data() + digits) return std::nullopt;
  rest.remove_prefix(digits);
  text = rest;
  return value;
}

/// What follows `mark` in `line`; nullopt where it is not in it.
std::optional<std::string_view> after(std::string_view line, std::string_view mark) {
  const auto at = line.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  return line.substr(at + mark.size());
}

/// Xtensa keeps the size of the register window in the two upper bits of a return address.
Mention register_mention(std::string_view name, std::uint64_t value) {
  if (name == "A0" && value >= 0x80000000) {
    return {(value & 0x3FFFFFFF) | 0x40000000, "A0", true};
  }
  return {value, std::string(name), name == "A0" || name == "RA"};
}

/// "Backtrace: 0x400d1e88:0x3ffb4f70 0x400d2a10:0x3ffb4f90 |<-CORRUPTED"
std::vector<Mention> read_backtrace(std::string_view text) {
  std::vector<Mention> out;
  while (out.size() < most_mentions) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (!text.starts_with("0x")) return out;
    const auto address = take_word(text);
    if (!address) return out;
    out.push_back({*address, "backtrace", false});
    text.remove_prefix(std::min(text.find_first_of(blanks), text.size()));  // its stack pointer
  }
  return out;
}

/// "PC", "EXCVADDR", "S0/FP".
bool is_register(std::string_view name) {
  constexpr std::size_t longest = 8;
  return !name.empty() && name.size() <= longest && name.front() >= 'A' && name.front() <= 'Z' &&
         name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_") == name.npos;
}

/// "PC      : 0x400d1e8b  PS      : 0x00060730": every register of such a line.
std::vector<Mention> read_registers(std::string_view line) {
  std::vector<Mention> out;
  while (out.size() < most_mentions) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return out;
    const std::string_view before = trimmed(line.substr(0, colon));
    const std::string_view name = before.substr(before.find_last_of(blanks) + 1);
    line.remove_prefix(colon + 1);
    std::string_view value = line;
    value.remove_prefix(std::min(value.find_first_not_of(blanks), value.size()));
    if (!value.starts_with("0x")) return out;
    const auto word = take_word(value);
    // An address in front of its memory names no register.
    if (!word || !is_register(name)) return out;
    out.push_back(register_mention(name, *word));
    line = value;
  }
  return out;
}

/// "epc1=0x40201ba4 epc2=0x00000000 epc3=0x00000000 excvaddr=0x00000000 depc=0x00000000"
std::vector<Mention> read_epc(std::string_view line) {
  std::vector<Mention> out;
  for (const std::string_view name : {"epc1", "epc2", "epc3", "depc"}) {
    auto value = after(line, std::string(name) + "=");
    if (!value) continue;
    const auto word = take_word(*value);
    if (word && *word != 0) out.push_back({*word, std::string(name), false});
  }
  return out;
}

/// "3fc8f9b0: 0x42006992 0x00000000 …", with 0x or without; nullopt for any other line.
std::optional<std::vector<Mention>> read_memory(std::string_view line) {
  std::string_view rest = trimmed(line);
  if (!take_word(rest) || !rest.starts_with(':')) return std::nullopt;
  rest.remove_prefix(1);
  std::vector<Mention> out;
  while (out.size() < most_mentions) {
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
    const auto word = take_word(rest);
    if (!word) return out;
    if (*word != 0) out.push_back({*word, "stack", true});
  }
  return out;
}

}  // namespace

std::vector<Mention> PanicReader::read(std::string_view line) {
  line = trimmed(line);
  if (line.find(">>>stack>>>") != line.npos || line.starts_with("Stack memory:")) {
    in_stack_ = true;
    return {};
  }
  if (line.find("<<<stack<<<") != line.npos) in_stack_ = false;
  if (in_stack_) {
    if (auto memory = read_memory(line)) return *std::move(memory);
    // The ESP8266's dump begins with "ctx: cont" and "sp: …"; an empty line ends the others'.
    if (line.empty()) in_stack_ = false;
  }
  if (auto text = after(line, "Backtrace:")) return read_backtrace(*text);
  if (auto text = after(line, "abort() was called at PC ")) {
    const auto address = take_word(*text);
    if (address) return {{*address, "abort", true}};
  }
  if (line.starts_with("epc1=")) return read_epc(line);
  return read_registers(line);
}

std::vector<CodeLocation> PanicDecoder::decode(std::string_view text) {
  std::vector<CodeLocation> rows;
  if (whole_lines_) {
    decode_line(text, rows);
    return rows;
  }
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view part = text.substr(0, end);
    begun_ += part.substr(0, longest_line - std::min(longest_line, begun_.size()));
    if (end == std::string_view::npos) break;
    decode_line(begun_, rows);
    begun_.clear();
    text.remove_prefix(end + 1);
  }
  return rows;
}

void PanicDecoder::decode_line(std::string_view line, std::vector<CodeLocation>& rows) {
  for (const Mention& mention : reader_.read(line)) {
    const std::uint64_t place = mention.address - (mention.is_return ? 1 : 0);
    if (!map_.is_code(place)) continue;
    for (const image::SourceFrame& frame : map_.frames(place)) {
      rows.push_back({fmt::format("{:#010x}", mention.address), mention.role, frame.function,
                      frame.file, frame.line, frame.inlined});
    }
  }
}

}  // namespace aiot::listen
