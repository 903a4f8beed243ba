#include <doctest/doctest.h>

#include <string>

#include "protocol/esp/loader.hpp"

using namespace aiot;
using namespace aiot::esp;

namespace {

/// esptool's notation: D, R, U for the lines, W for a wait in milliseconds.
std::string text(const LineSequence& steps) {
  std::string out;
  for (const net::LineStep& step : steps) {
    if (!out.empty()) out += '|';
    if (step.dtr && step.rts) {
      out += std::string("U") + (*step.dtr ? '1' : '0') + ',' + (*step.rts ? '1' : '0');
    } else if (step.dtr) {
      out += std::string("D") + (*step.dtr ? '1' : '0');
    } else {
      out += std::string("R") + (*step.rts ? '1' : '0');
    }
    if (step.hold.count() != 0) out += "|W" + std::to_string(step.hold.count());
  }
  return out;
}

net::LinkInfo port(std::uint16_t vid, std::uint16_t pid, bool lines = true) {
  net::LinkInfo info;
  info.usb_vid = vid;
  info.usb_pid = pid;
  info.has_lines = lines;
  return info;
}

}  // namespace

// The sequences of esptool 5.3 (esp-pylib, serial_reset).
TEST_CASE("a bridge is tried tightly, then patiently, then line by line") {
  const auto sequences = loader_sequences(ResetStrategy::automatic, port(0x10C4, 0xEA60));
  REQUIRE(sequences.size() == 4);
  CHECK(text(sequences[0]) == "U0,0|U1,1|U0,1|W100|U1,0|W50|U0,0|D0");
  CHECK(text(sequences[1]) == "U0,0|U1,1|U0,1|W100|U1,0|W550|U0,0|D0");
  CHECK(text(sequences[2]) == "D0|R1|W100|D1|R0|W50|D0");
  CHECK(text(sequences[3]) == "D0|R1|W100|D1|R0|W550|D0");
}

TEST_CASE("the chip's own USB port has its own sequence") {
  const char* expected = "R0|D0|W100|D1|R0|W100|R1|D0|R1|W100|D0|R0";
  CHECK(text(loader_sequences(ResetStrategy::automatic, port(0x303A, 0x1001))[0]) == expected);
  CHECK(text(loader_sequences(ResetStrategy::usb_jtag, port(0, 0))[0]) == expected);
  CHECK(loader_sequences(ResetStrategy::classic, port(0x303A, 0x1001)).size() == 4);
}

TEST_CASE("a CP2102C keeps DTR") {
  const auto sequences = loader_sequences(ResetStrategy::automatic, port(0x10C4, 0xEA64));
  CHECK(text(sequences[0]) == "U0,0|U1,1|U0,1|W100|U1,0|W50");
  CHECK(text(sequences[2]) == "D0|R1|W100|D1|R0|W50");
  CHECK(text(application_sequence(port(0x10C4, 0xEA64), false)) == "D0|R1|W100|D1|W100|R0");
}

TEST_CASE("without lines, or when told not to, nothing is pulled") {
  CHECK(loader_sequences(ResetStrategy::automatic, port(0, 0, false)).empty());
  CHECK(loader_sequences(ResetStrategy::none, port(0x10C4, 0xEA60)).empty());
}

TEST_CASE("the application starts on a pulse of the reset line") {
  CHECK(text(application_sequence(port(0x10C4, 0xEA60), false)) == "U0,1|W100|U0,0");
  CHECK(text(application_sequence(port(0x303A, 0x0002), true)) == "U0,1|W200|U0,0|W200");
}
