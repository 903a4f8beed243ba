#pragma once

#include <deque>
#include <memory>
#include <string>

#include "net/link.hpp"
#include "protocol/power/error.hpp"
#include "protocol/power/recorder.hpp"

namespace aiot::power {

/// Settings of a monitor.
struct Supply {
  std::uint32_t millivolts = 3300;
  std::uint32_t samples_per_s = 1000;
  /// The target is switched off and on: a device in an unknown state starts anew.
  bool power_cycle = true;
  /// Calibrates itself first, which takes seconds, where it can.
  bool calibrate = false;
};

/// What a monitor reports of itself, and its settings.
struct MonitorInfo {
  std::string kind;              ///< "lpm01a", "joulescope"
  std::string name;              ///< the board's own words: its id, its serial number
  std::string version;           ///< of its firmware
  std::uint32_t millivolts = 0;  ///< 0: it supplies nothing
  std::uint32_t samples_per_s = 0;
  bool has_edges = true;  ///< it sees the device's pin; a Joulescope's tool does not tell

  MonitorInfo() = default;
};

/// A power monitor. prepare(), start(), stream() beside whatever else runs, stop(), release(). Only
/// stream() reads while it runs: start it on its own, and await its end after stop().
class Monitor {
 public:
  virtual ~Monitor() = default;

  /// Takes control and sets it up; gives the target its power.
  virtual net::Task<MonitorInfo> prepare(Supply supply) = 0;
  /// Begins to measure.
  virtual net::Task<void> start() = 0;
  /// Sums what arrives up in `recorder` until stop(), or an error: silence of some seconds too.
  virtual net::Task<void> stream(Recorder& recorder) = 0;
  /// Ends to measure: stream() ends soon after.
  virtual net::Task<void> stop() = 0;
  /// Takes the power off and gives control back. Also after an error, and for what was cancelled.
  virtual net::Task<void> release() = 0;
};

/// Names of the kinds there are: "lpm01a", "joulescope".
std::vector<std::string> monitor_kinds();
/// A monitor behind `link`; nullptr for another kind.
std::unique_ptr<Monitor> make_monitor(const std::string& kind, std::unique_ptr<net::Link> link);
/// The rate that such a monitor's port runs at.
std::uint32_t baud_of(const std::string& kind);

/// Lines of a monitor's, as they arrive. One that does not end within `most_chars` is dropped.
class LineStream {
 public:
  static constexpr std::size_t most_chars = 4096;

  explicit LineStream(net::Link& link) : link_(link) {}

  /// The next line, not empty; net::Errc::timed_out at the deadline.
  net::Task<std::string> next(net::TimePoint deadline);
  void clear();
  /// When the last line had arrived.
  net::TimePoint arrived() const { return arrived_; }

 private:
  net::Link& link_;
  std::deque<std::string> lines_;
  std::string tail_;
  bool overlong_ = false;
  net::TimePoint arrived_;
};

}  // namespace aiot::power
