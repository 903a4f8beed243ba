#pragma once

#include "protocol/power/line_stream.hpp"
#include "protocol/power/lpm01a_line.hpp"
#include "protocol/power/monitor.hpp"

namespace aiot::power::lpm01a {

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
