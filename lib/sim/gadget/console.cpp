#include "sim/gadget/console.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <utility>

namespace aiot::sim::gadget {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr std::chrono::milliseconds batch{5};

}  // namespace

void Pace::set_rate(std::uint64_t rate_per_s, net::TimePoint now) {
  rate_per_s_ = std::min(rate_per_s, max_rate);
  since_ = now;
  taken_ = 0;
}

std::uint64_t Pace::take(net::TimePoint now) {
  const auto until =
      static_cast<std::uint64_t>(Seconds(now - since_).count() * static_cast<double>(rate_per_s_));
  if (taken_ >= until) return 0;
  last_ = now;
  return until - std::exchange(taken_, until);
}

std::optional<net::TimePoint> Pace::next() const {
  if (rate_per_s_ == 0) return std::nullopt;
  const Seconds until(static_cast<double>(taken_ + 1) / static_cast<double>(rate_per_s_));
  // A tick later than it is due, so that rounding does not wake it in vain.
  const net::TimePoint next =
      since_ + std::chrono::duration_cast<net::Duration>(until) + net::Duration(1);
  return std::max(next, last_ + batch);
}

void set_rate(Pace& pace, std::string_view number, net::TimePoint now) {
  std::uint64_t rate = 0;
  const char* last = number.data() + number.size();
  const auto [end, error] = std::from_chars(number.data(), last, rate);
  if (error == std::errc() && end == last) pace.set_rate(rate, now);
}

namespace {

constexpr std::size_t longest_line_bytes = 128;
/// Bytes that are no text: a NUL, what begins no UTF-8, and half of an escape sequence.
constexpr std::string_view burst("\x00\xff\xfe\x80\xc3\x28\x1b[\x07\n", 10);

/// In the form of ESP-IDF's "Fatal Errors", for an ESP32.
constexpr std::string_view panic =
    "Guru Meditation Error: Core  0 panic'ed (StoreProhibited). Exception was unhandled.\r\n"
    "\r\n"
    "Core  0 register dump:\r\n"
    "PC      : 0x400d1a2b  PS      : 0x00060330  A0      : 0x800d1a60  A1      : 0x3ffb4da0\r\n"
    "EXCVADDR: 0x00000000  LBEG    : 0x4000c2e0  LEND    : 0x4000c2f6  LCOUNT  : 0x00000000\r\n"
    "\r\n"
    "Backtrace: 0x400d1a28:0x3ffb4da0 0x400d1a5d:0x3ffb4dc0 0x4008a2f1:0x3ffb4de0\r\n"
    "\r\n"
    "Rebooting...\r\n";

}  // namespace

Console::Console(std::uint64_t lines_per_s, net::TimePoint now)
    : booted_(now), pace_(lines_per_s, now) {}

std::optional<net::TimePoint> Console::next_timer() const { return pace_.next(); }

void Console::on_timer(net::TimePoint now) {
  for (std::uint64_t due = pace_.take(now); due > 0; --due) say_line(now);
}

void Console::say_line(net::TimePoint now) {
  const std::uint64_t number = ++lines_;
  if (output_.size() + longest_line_bytes > max_waiting_bytes) {
    ++lost_;
    return;
  }
  if (number % 10 == 0) return say(burst);
  const auto up = std::chrono::duration_cast<std::chrono::milliseconds>(now - booted_).count();
  const std::uint64_t tenths = 200 + number % 50;
  const std::string text = fmt::format("I ({}) gadget: line {}, temperature {}.{} C", up, number,
                                       tenths / 10, tenths % 10);
  // In colour as ESP-IDF's log has it.
  say(number % 5 == 0 ? fmt::format("\x1b[0;32m{}\x1b[0m\r\n", text) : text + "\r\n");
}

void Console::say(std::string_view text) {
  if (output_.size() + text.size() <= max_waiting_bytes) append(output_, as_bytes(text));
}

void Console::on_bytes(ByteSpan bytes, net::TimePoint now) {
  say(to_string(bytes));
  for (const std::uint8_t byte : bytes) {
    if (byte == '\r' || byte == '\n') {
      obey(std::exchange(typed_, {}), now);
    } else if (typed_.size() < longest_line_bytes) {
      typed_ += static_cast<char>(byte);
    }
  }
}

void Console::obey(std::string_view line, net::TimePoint now) {
  constexpr std::string_view rate_word = "rate ";
  if (line == "panic") say(panic);
  if (line == "binary") say(burst);
  if (!line.starts_with(rate_word)) return;
  line.remove_prefix(rate_word.size());
  set_rate(pace_, line, now);
}

void Console::sent(std::size_t size_bytes) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(size_bytes, output_.size()));
  output_.erase(output_.begin(), output_.begin() + count);
}

}  // namespace aiot::sim::gadget
