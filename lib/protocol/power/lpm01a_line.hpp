#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/power/error.hpp"

/// Lines of an X-NUCLEO-LPM01A in ASCII.
namespace aiot::power::lpm01a {

/// "6409-07" and more in one line: joules (or amperes) each. Words that are damaged are counted.
struct Samples {
  std::vector<double> values;
  std::uint32_t damaged = 0;
};
/// "TimeStamp: 001s 000ms, buff 07%"
struct Timestamp {
  std::uint64_t ms = 0;
  unsigned buffer_percent = 0;
};
/// "event 03 ris"
struct Event {
  std::uint32_t number = 0;
};
/// "ack htc": the command, and what stands behind it.
struct Ack {
  std::string text;
};
/// "error …", "Error detail: …"
struct Failure {
  std::string text;
};
/// "Acquisition completed"
struct Completed {};
/// Anything else, the prompt taken off.
struct Text {
  std::string text;
};
using Line = std::variant<Text, Samples, Timestamp, Event, Ack, Failure, Completed>;

/// Decodes a line without its end. Never fails: what it does not know is Text.
Line decode_line(std::string_view line);

}  // namespace aiot::power::lpm01a
