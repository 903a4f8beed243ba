#include "job/bench/device/window.hpp"

#include <algorithm>
#include <cmath>

namespace aiot::bench {
namespace {

constexpr double margin = 1.02;
/// m-lap-us goes round at 2^32 us; half of it, so that a window is never mistaken.
constexpr double most_window_s = 2147;
constexpr double calibration_s = 0.5;
constexpr std::uint32_t most_iterations = 1'000'000'000;

}  // namespace

std::uint32_t iterations_for(double each_s, std::chrono::milliseconds window) {
  const double wanted_s = std::chrono::duration<double>(window).count() * margin;
  // A clock that did not move: as many as might be needed for the fastest of devices.
  const double each = std::max(each_s, 1e-7);
  const double count = std::ceil(std::min(wanted_s, most_window_s) / each);
  return static_cast<std::uint32_t>(std::clamp(count, 1.0, double{most_iterations}));
}

net::Duration patience_for(double inferences, double each_s) {
  const double seconds = std::min(2 * inferences * each_s + 5, 2 * most_window_s);
  return std::chrono::duration_cast<net::Duration>(std::chrono::duration<double>(seconds));
}

std::uint32_t calibrating_iterations(double first_s) {
  if (first_s >= calibration_s) return 1;
  return static_cast<std::uint32_t>(
      std::min(std::ceil(calibration_s / std::max(first_s, 1e-5)), 50'000.0));
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double spread(const std::vector<double>& values) {
  if (values.empty()) return 0;
  const auto [least, most] = std::ranges::minmax(values);
  const double middle = median(values);
  return middle > 0 ? (most - least) / middle : 0;
}

std::optional<double> clock_error(const std::vector<WindowTime>& windows) {
  std::vector<double> ratios;
  for (const WindowTime& window : windows) {
    if (window.host_seconds < 1) continue;
    ratios.push_back(window.seconds / window.host_seconds);
  }
  if (ratios.empty()) return std::nullopt;
  return median(std::move(ratios)) - 1;
}

}  // namespace aiot::bench
