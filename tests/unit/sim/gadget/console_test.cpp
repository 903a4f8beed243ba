// The gadget's console on a virtual clock.
#include "sim/gadget/console.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace aiot;
using namespace std::chrono_literals;
using sim::gadget::Console;

namespace {

constexpr net::TimePoint start{};

std::string take(Console& console) {
  std::string text = to_string(console.output());
  console.sent(text.size());
  return text;
}

void type(Console& console, std::string_view text, net::TimePoint now = start) {
  console.on_bytes(as_bytes(text), now);
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("a line a second, numbered; the fifth in colour, the tenth no text") {
  Console console(1, start);
  CHECK(*console.next_timer() > start + 999ms);
  CHECK(*console.next_timer() <= start + 1001ms);
  console.on_timer(start + 500ms);
  CHECK(take(console).empty());
  console.on_timer(start + 1s);
  CHECK(take(console) == "I (1000) gadget: line 1, temperature 20.1 C\r\n");
  for (int second = 2; second < 5; ++second) console.on_timer(start + second * 1s);
  take(console);
  console.on_timer(start + 5s);
  CHECK(take(console) == "\x1b[0;32mI (5000) gadget: line 5, temperature 20.5 C\x1b[0m\r\n");
  console.on_timer(start + 9s);
  CHECK(lines_of(take(console)) == 4);
  console.on_timer(start + 10s);
  CHECK(take(console) == std::string("\x00\xff\xfe\x80\xc3\x28\x1b[\x07\n", 10));
}

TEST_CASE("a flood comes in batches, and holds its rate") {
  Console console(100'000, start);
  net::TimePoint now = start;
  std::size_t seen = 0;
  int wakes = 0;
  while (now < start + 1s) {
    now = *console.next_timer();
    console.on_timer(now);
    seen += lines_of(take(console));
    ++wakes;
  }
  CHECK(seen >= 99'999);
  CHECK(seen <= 100'600);
  CHECK(wakes <= 201);
  CHECK(console.lost_lines() == 0);
}

TEST_CASE("what nobody reads is lost by whole lines, and counted") {
  Console console(sim::gadget::Pace::max_rate, start);
  console.on_timer(start + 10ms);
  CHECK(console.lines() == 10'000);
  CHECK(console.output().size() <= Console::max_waiting_bytes);
  const std::string text = take(console);
  CHECK(text.ends_with("\n"));
  CHECK(lines_of(text) + console.lost_lines() == 10'000);
}

TEST_CASE("rate 0 says nothing unasked, and can be changed") {
  Console console(0, start);
  CHECK_FALSE(console.next_timer().has_value());
  console.on_timer(start + 10s);
  CHECK(console.output().empty());
  type(console, "rate 100\r", start + 10s);
  CHECK(take(console) == "rate 100\r");
  console.on_timer(start + 11s);
  CHECK(lines_of(take(console)) == 100);
  type(console, "rate 0\nrate x\nrate 99999999999999999999999\n", start + 11s);
  CHECK_FALSE(console.next_timer().has_value());
}

TEST_CASE("what is typed is echoed, whatever it is; panic brings one") {
  Console console(0, start);
  const std::string bytes("\x00\xffhello", 7);
  type(console, bytes);
  CHECK(take(console) == bytes);
  type(console, std::string(1000, 'x') + "\n");
  CHECK(take(console).size() == 1001);
  type(console, "pan");
  type(console, "ic\r\n");
  const std::string text = take(console);
  CHECK(text.starts_with("panic\r\nGuru Meditation Error: Core  0 panic'ed (StoreProhibited)"));
  CHECK(text.find("\r\nBacktrace: 0x400d1a28:0x3ffb4da0 ") != std::string::npos);
  CHECK(text.ends_with("Rebooting...\r\n"));
}
