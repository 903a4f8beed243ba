#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "net/clock.hpp"

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

}  // namespace aiot::power
