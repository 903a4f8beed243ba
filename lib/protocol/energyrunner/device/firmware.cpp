#include "protocol/energyrunner/device/firmware.hpp"

#include <limits>

namespace aiot::energyrunner {
namespace {

/// Writes `value` in front of `end`, at least `least` digits; gives where it begins.
char* digits_before(char* end, std::uint64_t value, int least) {
  for (; value != 0 || least > 0; value /= 10, --least) {
    *--end = static_cast<char>('0' + value % 10);
  }
  return end;
}

}  // namespace

std::string_view decimal(std::uint32_t value, std::span<char, most_digits> buffer) {
  char* const end = buffer.data() + buffer.size();
  char* const begin = digits_before(end, value, 1);
  return {begin, static_cast<std::size_t>(end - begin)};
}

std::string_view three_digits(float value, std::span<char, most_digits> buffer) {
  if (value != value) return "nan";
  if (value - value != 0) return value < 0 ? "-inf" : "inf";
  const bool negative = value < 0;
  // A float has 24 bits and 1000 ten: the product is exact.
  double thousandths = static_cast<double>(negative ? -value : value) * 1000.0;
  constexpr double most = 9.0e18;
  if (thousandths > most) thousandths = most;
  auto whole = static_cast<std::uint64_t>(thousandths);
  const double rest = thousandths - static_cast<double>(whole);
  if (rest > 0.5 || (rest == 0.5 && whole % 2 == 1)) ++whole;
  char* const end = buffer.data() + buffer.size();
  char* begin = digits_before(end, whole % 1000, 3);
  *--begin = '.';
  begin = digits_before(begin, whole / 1000, 1);
  if (negative) *--begin = '-';
  return {begin, static_cast<std::size_t>(end - begin)};
}

namespace {

constexpr char end_mark = '%';
constexpr std::string_view line_end = "\r\n";

/// Takes the first word off `text`.
std::string_view next_word(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  std::size_t length = 0;
  while (length < text.size() && text[length] != ' ') ++length;
  const std::string_view word = text.substr(0, length);
  text.remove_prefix(length);
  return word;
}

/// The digits that `word` begins with as a number, -1 for none; large ones end at 2^31 - 1.
std::int32_t number_of(std::string_view word) {
  constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
  if (word.empty() || word.front() < '0' || word.front() > '9') return -1;
  std::int32_t value = 0;
  for (const char c : word) {
    if (c < '0' || c > '9') break;
    const std::int32_t digit = c - '0';
    if (value > (most - digit) / 10) return most;
    value = value * 10 + digit;
  }
  return value;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void Firmware::boot() {
  length_ = announced_ = loaded_ = 0;
  board_.write(identity_.energy_mode ? "m-timestamp-mode-energy\r\n"
                                     : "m-timestamp-mode-performance\r\n");
  timestamp();
  board_.write("m-init-done\r\n");
  board_.write("m-ready\r\n");
}

void Firmware::on_char(char c) {
  if (c != end_mark) {
    if (length_ < command_.size()) command_[length_++] = c;
    return;
  }
  const std::string_view command(command_.data(), length_);
  length_ = 0;
  run(command);
  board_.write("m-ready\r\n");
}

void Firmware::run(std::string_view command) {
  std::string_view rest = command;
  const std::string_view verb = next_word(rest);
  if (verb == "name") {
    board_.write("m-name-dut-[");
    board_.write(identity_.vendor);
    board_.write("]\r\n");
  } else if (verb == "timestamp") {
    timestamp();
  } else if (verb == "profile") {
    board_.write("m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[");
    board_.write(identity_.model);
    board_.write("]\r\n");
  } else if (verb == "help") {
    help();
  } else if (verb == "db") {
    run_db(rest);
  } else if (verb == "infer") {
    run_infer(rest);
  } else if (verb == "results") {
    results();
  } else {
    board_.write("e-[Unknown command: ");
    board_.write(verb);
    board_.write("]\r\n");
  }
}

void Firmware::run_db(std::string_view arguments) {
  const std::string_view word = next_word(arguments);
  if (word.empty()) return board_.write("e-[Command 'db' requires a subcommand]\r\n");
  if (word == "load") return load(next_word(arguments));
  if (word == "print") return print();
  take_hex(word);
}

void Firmware::load(std::string_view count) {
  if (count.empty()) return board_.write("e-[Command 'db load' requires the # of bytes]\r\n");
  const std::int32_t bytes = number_of(count);
  if (bytes <= 0) return board_.write("e-[Command 'db load' must be >0 bytes]\r\n");
  if (static_cast<std::size_t>(bytes) > input_.size()) {
    if (!identity_.bare_errors) board_.write("e-[");
    say_number("Supplied buffer size ", static_cast<std::uint32_t>(bytes), " exceeds maximum of ");
    say_number("", static_cast<std::uint32_t>(input_.size()),
               identity_.bare_errors ? "\n" : "]\r\n");
    return;
  }
  announced_ = static_cast<std::size_t>(bytes);
  loaded_ = 0;
  say_number("m-[Expecting ", static_cast<std::uint32_t>(bytes), " bytes]\r\n");
}

void Firmware::take_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return board_.write("e-[Insufficent number of hex digits]\r\n");
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_digit(hex[i]);
    const int low = hex_digit(hex[i + 1]);
    if (high < 0 || low < 0) {
      board_.write("e-[Invalid hex digit '");
      board_.write(hex.substr(i, 2));
      return board_.write("']\r\n");
    }
    // The reference runs on beyond its buffer here.
    if (loaded_ == announced_) return board_.write("e-[More bytes than 'db load' said]\r\n");
    input_[loaded_++] = static_cast<std::uint8_t>(high * 16 + low);
    if (loaded_ == announced_) return board_.write("m-load-done\r\n");
  }
}

void Firmware::print() {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr std::size_t in_a_line = 8;
  for (std::size_t i = 0; i < announced_; ++i) {
    if (i % in_a_line == 0) board_.write("m-buffer-");
    const std::uint8_t byte = input_[i];
    const bool last = i + 1 == announced_ || (i + 1) % in_a_line == 0;
    const std::array<char, 3> text = {digits[byte >> 4], digits[byte & 15], '-'};
    board_.write(std::string_view(text.data(), last ? 2 : 3));
    if (last) board_.write(line_end);
  }
}

void Firmware::run_infer(std::string_view arguments) {
  constexpr std::uint32_t usual_warmups = 10;
  std::uint32_t times = 1;
  std::uint32_t warmups = usual_warmups;
  if (const std::string_view word = next_word(arguments); !word.empty()) {
    const std::int32_t number = number_of(word);
    if (number <= 0) return board_.write("e-[Inference iterations must be >0]\r\n");
    times = static_cast<std::uint32_t>(number);
  }
  if (const std::string_view word = next_word(arguments); !word.empty()) {
    const std::int32_t number = number_of(word);
    if (number < 0) return board_.write("e-[Inference warmup must be >=0]\r\n");
    warmups = static_cast<std::uint32_t>(number);
  }
  infer(times, warmups);
}

void Firmware::infer(std::uint32_t times, std::uint32_t warmups) {
  const Board::Loaded loaded = board_.load(input_.first(loaded_));
  if (!loaded.fits) {
    if (!identity_.bare_errors) board_.write("e-[");
    say_number("Input db has ", loaded.elements, " elemented, expected ");
    say_number("", loaded.expected, identity_.bare_errors ? "\n" : "]\r\n");
    if (!identity_.bare_errors) return;
  }
  say_number("m-warmup-start-", warmups, line_end);
  if (warmups > 0) board_.infer(warmups);
  board_.write("m-warmup-done\r\n");
  say_number("m-infer-start-", times, line_end);
  timestamp();
  board_.infer(times);
  timestamp();
  board_.write("m-infer-done\r\n");
  results();
}

void Firmware::results() {
  std::array<char, most_digits> buffer{};
  board_.write("m-results-[");
  const std::size_t count = board_.results();
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) board_.write(",");
    board_.write(three_digits(board_.result(i), buffer));
  }
  board_.write("]\r\n");
}

void Firmware::timestamp() {
  if (identity_.energy_mode) return board_.mark();
  say_number("m-lap-us-", board_.clock_us(), line_end);
}

void Firmware::help() {
  board_.write("ULPMark for tinyML Firmware V0.0.1\r\n\r\n");
  board_.write("name, profile, timestamp, results, help\r\n");
  board_.write("db load N, db HEX, db print\r\n");
  board_.write("infer N [W=10]\r\n");
}

void Firmware::say_number(std::string_view before, std::uint32_t number, std::string_view after) {
  std::array<char, most_digits> buffer{};
  board_.write(before);
  board_.write(decimal(number, buffer));
  board_.write(after);
}

}  // namespace aiot::energyrunner
