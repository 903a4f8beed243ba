#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/power/monitor.hpp"

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

/// Of its virtual COM port.
constexpr std::uint32_t baud_bps = 3'686'400;
constexpr std::uint32_t least_millivolts = 1800;
constexpr std::uint32_t most_millivolts = 3300;
/// In ASCII without an end: "freq", up to 5 kHz ("Table of maximum acquisition time").
bool has_rate(std::uint32_t samples_per_s);

/// ST's X-NUCLEO-LPM01A (PowerShield).
class Lpm01a final : public Monitor {
 public:
  explicit Lpm01a(std::unique_ptr<net::Link> link) : link_(std::move(link)), lines_(*link_) {}

  net::Task<MonitorInfo> prepare(Supply supply) override;
  net::Task<void> start() override;
  net::Task<void> stream(Recorder& recorder) override;
  net::Task<void> stop() override;
  net::Task<void> release() override;

 private:
  /// Sends a command and waits for its acknowledgement, past whatever a former acquisition still
  /// sends; gives what stands behind the command. Errc::no_answer, refused.
  net::Task<std::string> command(std::string words, net::Duration patience);
  net::Task<std::string> command(std::string words);
  /// Why the monitor refused: the line that follows an error.
  net::Task<std::string> detail();
  /// A question whose reply is no acknowledgement; "" when there is none.
  net::Task<std::string> question(std::string words);
  net::Task<void> write(std::string words);
  /// Ends what an earlier host has left running.
  net::Task<void> halt();

  std::unique_ptr<net::Link> link_;
  LineStream lines_;
  std::uint64_t samples_between_ = 1000;
  bool controlled_ = false;
};

}  // namespace aiot::power::lpm01a
