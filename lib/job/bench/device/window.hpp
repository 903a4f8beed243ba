#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "net/clock.hpp"

namespace aiot::bench {

/// A stretch of many inferences, by the device's clock or the monitor's.
struct WindowTime {
  std::uint32_t iterations = 0;
  double seconds = 0;
  double host_seconds = 0;  ///< the same as it arrived here; 0 when that says nothing

  double per_second() const { return seconds > 0 ? iterations / seconds : 0; }
};

/// How many inferences last for a window and 2 % more, when one takes `each_s`. At least 1; at most
/// what a device's 32-bit clock can hold of them.
std::uint32_t iterations_for(double each_s, std::chrono::milliseconds window);

/// How long the reply to so many inferences may take: twice what is known, and five seconds.
net::Duration patience_for(double inferences, double each_s);
/// The same before anything is known: longer than any inference of the benchmark takes, and after a
/// silence as long as a slow model on a slow device may need.
constexpr std::chrono::seconds first_patience{30};
constexpr std::chrono::minutes longest_patience{5};

/// Inferences that calibrate: enough that reading the clock and a line on the wire hardly count.
std::uint32_t calibrating_iterations(double first_s);

/// What a submission to MLPerf Tiny asks of throughput and energy: so many windows, each so long.
constexpr std::size_t submitted_windows = 5;
constexpr double submitted_window_s = 10;

double median(std::vector<double> values);
/// (largest - smallest) / median, 0 for none.
double spread(const std::vector<double>& values);

/// How far the device's clock is from this machine's: their ratio less 1 over the windows that both
/// measured. nullopt when this machine's view is too coarse (below a second).
std::optional<double> clock_error(const std::vector<WindowTime>& windows);

}  // namespace aiot::bench
