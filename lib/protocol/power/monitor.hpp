#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "aiot/error.hpp"
#include "aiot/result.hpp"
#include "net/clock.hpp"
#include "net/link.hpp"

namespace aiot::power {

/// What can go wrong with a power monitor.
enum class Errc {
  no_answer = 1,  ///< silence where an acknowledgement or a sample belongs
  refused,        ///< it answered error
  bad_setting,    ///< a voltage or a rate that it does not have
  bad_stream,     ///< what arrives is no stream of this kind of monitor
  lost_samples,   ///< its buffer ran over
  lost_edges,     ///< the number of an edge is not the one after the last
  no_edges,       ///< the device's pin was not seen to fall
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::power

template <>
struct boost::system::is_error_code_enum<aiot::power::Errc> : std::true_type {};

namespace aiot::power {

/// A falling edge of the device's pin, and what had been measured by then.
struct Edge {
  std::uint32_t number = 0;  ///< the monitor's own count
  std::uint64_t samples = 0;
  double seconds = 0;  ///< of the monitor's clock, since the start
  double joules = 0;
  net::TimePoint arrived;  ///< here
};

/// What was measured in a stretch of time.
struct Stretch {
  double seconds = 0;
  double joules = 0;
  std::uint64_t samples = 0;
  double watts() const { return seconds > 0 ? joules / seconds : 0; }
};

/// Sums up a stream of energies: its memory does not grow with the stream.
class Recorder {
 public:
  /// So many edges are kept, the last ones: a run has three a window.
  static constexpr std::size_t most_edges = 64;

  /// Samples come at this rate.
  explicit Recorder(double samples_per_s) : period_s_(1 / samples_per_s) {}

  void on_sample(double joules);
  /// A sample that covers a time of its own.
  void on_sample(double joules, double seconds);
  /// A sample that came damaged: its time counts, its energy is missing.
  void on_lost(std::uint64_t samples);
  void on_edge(std::uint32_t number, net::TimePoint arrived);
  /// The monitor's own count: so many samples belong between two of these.
  void on_timestamp(std::uint64_t samples_between, unsigned buffer_percent);

  /// What came so far had arrived by then: for stretches by this clock.
  void on_time(net::TimePoint arrived);

  std::uint64_t samples() const { return samples_; }
  std::uint64_t lost_samples() const { return lost_samples_; }
  std::uint64_t lost_edges() const { return lost_edges_; }
  /// The fullest that the monitor's buffer was, in percent.
  unsigned fullest_percent() const { return fullest_percent_; }
  double joules() const { return joules_; }
  double seconds() const { return seconds_; }
  const std::deque<Edge>& edges() const { return edges_; }
  /// How many edges there were in all.
  std::uint64_t edge_count() const { return edge_count_; }
  /// The least and the most power of a sample, in watts.
  double least_watts() const { return least_watts_; }
  double most_watts() const { return most_watts_; }

  /// Where the stream is now, as an edge of no number.
  Edge here(net::TimePoint now) const;
  /// Where it was at a time of this machine's, between what on_time() noted: for monitors that see
  /// no edge. nullopt outside of the last minutes.
  std::optional<Edge> at(net::TimePoint when) const;

 private:
  double period_s_;
  std::uint64_t samples_ = 0;
  std::uint64_t lost_samples_ = 0;
  std::uint64_t lost_edges_ = 0;
  std::uint64_t edge_count_ = 0;
  std::optional<std::uint64_t> at_timestamp_;  // samples, at the last one
  unsigned fullest_percent_ = 0;
  double joules_ = 0;
  double seconds_ = 0;
  double least_watts_ = 0;
  double most_watts_ = 0;
  std::deque<Edge> edges_;
  std::deque<Edge> history_;  // one each few milliseconds
};

/// What lies between two edges.
Stretch between(const Edge& begin, const Edge& end);

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
