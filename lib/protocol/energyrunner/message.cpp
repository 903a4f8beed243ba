#include "protocol/energyrunner/message.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "aiot/bytes.hpp"

namespace aiot::energyrunner {
namespace {

/// What follows a message's first words.
enum class Form { nothing, word, number, brackets, expecting, hex, values, anything };

struct Row {
  std::string_view begin;
  Kind kind;
  Form form;
};
/// Longer beginnings first where one is another's.
constexpr std::array<Row, 16> beginnings = {{
    {"m-ready", Kind::ready, Form::nothing},
    {"m-init-done", Kind::init_done, Form::nothing},
    {"m-timestamp-mode-", Kind::timestamp_mode, Form::word},
    {"m-name-dut-", Kind::name, Form::brackets},
    {"m-profile-", Kind::profile, Form::brackets},
    {"m-model-", Kind::model, Form::brackets},
    {"m-lap-us-", Kind::lap, Form::number},
    {"m-[Expecting ", Kind::expecting, Form::expecting},
    {"m-load-done", Kind::load_done, Form::nothing},
    {"m-buffer-", Kind::buffer, Form::hex},
    {"m-warmup-start-", Kind::warmup_start, Form::number},
    {"m-warmup-done", Kind::warmup_done, Form::nothing},
    {"m-infer-start-", Kind::infer_start, Form::number},
    {"m-infer-done", Kind::infer_done, Form::nothing},
    {"m-results-", Kind::results, Form::values},
    {"m-dut-passthrough(", Kind::passed_on, Form::anything},
}};

struct BareError {
  std::string_view begin;
  Message::Cause cause;
};
constexpr std::array<BareError, 2> bare_errors = {{
    {"Input db has ", Message::Cause::not_loaded},
    {"Supplied buffer size ", Message::Cause::too_large},
}};

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::string_view> in_brackets(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  return text.substr(1, text.size() - 2);
}

/// "00-ff-10"
std::optional<Bytes> bytes_of(std::string_view text) {
  Bytes out;
  while (text.size() >= 2) {
    std::uint8_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + 2, value, 16);
    if (error != std::errc() || end != text.data() + 2) return std::nullopt;
    out.push_back(value);
    text.remove_prefix(2);
    if (text.empty()) return out;
    if (text.front() != '-') return std::nullopt;
    text.remove_prefix(1);
  }
  return std::nullopt;
}

/// "0.004,0.996", and "0.004,0.996," as the reference's visual wake words has it.
std::optional<std::vector<double>> values_of(std::string_view text) {
  std::vector<double> out;
  while (!text.empty()) {
    if (out.size() == most_results) return std::nullopt;
    const std::size_t comma = text.find(',');
    std::string_view word = text.substr(0, comma);
    while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
    out.push_back(value);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  if (out.empty()) return std::nullopt;
  return out;
}

bool fill(Message& message, Form form, std::string_view rest) {
  switch (form) {
    case Form::anything: return true;
    case Form::nothing: return rest.empty();
    case Form::word: message.text = rest; return !rest.empty();
    case Form::number: {
      const auto number = number_of(rest);
      message.number = number.value_or(0);
      return number.has_value();
    }
    case Form::brackets: {
      const auto text = in_brackets(rest);
      message.text = text.value_or("");
      return text.has_value();
    }
    case Form::expecting: {
      constexpr std::string_view end = " bytes]";
      if (!rest.ends_with(end)) return false;
      const auto number = number_of(rest.substr(0, rest.size() - end.size()));
      message.number = number.value_or(0);
      return number.has_value();
    }
    case Form::hex: {
      auto bytes = bytes_of(rest);
      if (bytes) message.bytes = *std::move(bytes);
      return bytes.has_value();
    }
    case Form::values: {
      const auto text = in_brackets(rest);
      auto values = text ? values_of(*text) : std::nullopt;
      if (values) message.values = *std::move(values);
      return values.has_value();
    }
  }
  return false;
}

/// Where "e-[" is, and not as the end of "m-profile-[".
std::size_t error_at(std::string_view line) {
  std::size_t at = line.find("e-[");
  while (at != std::string_view::npos && at > 0 && line[at - 1] >= 'a' && line[at - 1] <= 'z') {
    at = line.find("e-[", at + 1);
  }
  return at;
}

/// Where the last message of the line begins: an echoed command or a line cut short is in front.
const Row* last_row(std::string_view line, std::size_t& at) {
  const Row* found = nullptr;
  for (const Row& row : beginnings) {
    const std::size_t here = line.rfind(row.begin);
    if (here == std::string_view::npos || (found != nullptr && here <= at)) continue;
    found = &row;
    at = here;
  }
  return found;
}

}  // namespace

Result<Message> decode_line(std::string_view line) {
  while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
  Message message;
  for (const BareError& bare : bare_errors) {
    const std::size_t at = line.find(bare.begin);
    if (at == std::string_view::npos) continue;
    message.kind = Kind::error;
    message.text = line.substr(at);
    message.cause = bare.cause;
    return message;
  }
  // An error quotes the command it does not know, which may look like a message.
  if (const std::size_t at = error_at(line); at != std::string_view::npos) {
    message.kind = Kind::error;
    message.text = line.substr(at + 3);
    if (message.text.ends_with(']')) message.text.pop_back();
    return message;
  }
  std::size_t at = 0;
  const Row* row = last_row(line, at);
  if (row == nullptr) {
    message.text = line;
    return message;
  }
  message.kind = row->kind;
  if (!fill(message, row->form, line.substr(at + row->begin.size()))) {
    return fault_of(Errc::garbled, {}).with_peer_text(std::string(line.substr(0, 200)));
  }
  return message;
}

void LineReader::add(ByteSpan bytes) {
  for (const std::uint8_t byte : bytes) {
    if (byte == '\r' || byte == '\n') {
      end_line();
    } else if (byte != 0) {
      tail_.push_back(static_cast<char>(byte));
      if (tail_.size() == most_chars) end_line();
    }
  }
}

std::optional<std::string> LineReader::next() {
  if (lines_.empty()) return std::nullopt;
  std::string line = std::move(lines_.front());
  lines_.pop_front();
  return line;
}

void LineReader::end_line() {
  if (!tail_.empty()) lines_.push_back(std::move(tail_));
  tail_.clear();
}

void LineReader::clear() {
  lines_.clear();
  tail_.clear();
}

std::string load_command(std::size_t bytes) { return "db load " + std::to_string(bytes); }

std::string chunk_command(std::span<const std::uint8_t> bytes) { return "db " + to_hex(bytes); }

std::string infer_command(std::uint32_t iterations, std::uint32_t warmups) {
  return "infer " + std::to_string(iterations) + " " + std::to_string(warmups);
}

}  // namespace aiot::energyrunner
