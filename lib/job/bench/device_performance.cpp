#include <fmt/format.h>

#include "job/bench/device_bench.hpp"
#include "job/bench/device_error.hpp"

// Throughput: windows of many inferences, each judged by the device's own clock.
namespace aiot::bench {
namespace {

constexpr int most_repeats = 3;
/// A clock that is further off is said: the figure is only as good as it.
constexpr double clock_tolerance = 0.02;

/// By how much a device's clock is off.
std::string clock_words(double error) {
  if (error > 1 || error < -0.5) {
    return fmt::format("the device's clock runs {:.3g} times as fast as this machine's", error + 1);
  }
  return fmt::format("the device's clock is {:+.1f} % off this machine's", error * 100);
}

}  // namespace

net::Task<void> DeviceBench::performance() {
  const DeviceRequest& request = context_.request();
  context_.step("calibrate", 2);
  Result<std::vector<Sample>> taken = co_await window_samples();
  AIOT_CO_TRY(const std::vector<Sample> samples, std::move(taken));
  Result<double> each = co_await calibrate(samples.front());
  if (!each) co_return std::move(each).error();
  std::uint32_t iterations = iterations_for(*each, request.window);
  context_.step("performance", 10.0 * request.windows);
  std::vector<WindowTime> windows;
  std::vector<double> throughputs;
  unsigned repeated = 0;
  const double least_s = std::chrono::duration<double>(request.window).count();
  for (const Sample& sample : samples) {
    WindowTime window;
    for (int i = 0;; ++i) {
      Result<energyrunner::Inference> done =
          co_await infer(sample, iterations, request.warmups, Input::proven);
      if (!done) co_return std::move(done).error();
      window.iterations = iterations;
      window.seconds = done->device_us.value_or(0) * 1e-6;
      window.host_seconds = std::chrono::duration<double>(done->end - done->begin).count();
      if (window.seconds >= least_s) {
        Result<void> compared = co_await compare(sample, done->results);
        AIOT_CO_CHECK(std::move(compared));
        text_.add_performance(windows.size() + 1, window, done->results);
        break;
      }
      if (i == most_repeats) {
        co_return make_error(DeviceErrc::window_invalid,
                             fmt::format("{}: {:.3f} s of the device's clock, {:.3f} s are needed",
                                         sample.name, window.seconds, least_s),
                             "see whether the device's clock runs steadily");
      }
      ++repeated;
      each_s_ = std::max(window.seconds / iterations, 1e-7);
      iterations = iterations_for(each_s_, request.window);
    }
    windows.push_back(window);
    throughputs.push_back(window.per_second());
    context_.progress(windows.size(), samples.size(), "windows");
  }
  Array rows;
  for (const WindowTime& window : windows) {
    Object row;
    row.set("inferences", std::uint64_t{window.iterations})
        .set("seconds", window.seconds)
        .set("per_second", window.per_second())
        .set("host_seconds", window.host_seconds);
    rows.emplace_back(std::move(row));
  }
  const double middle = median(throughputs);
  Object fields;
  fields.set("median_per_second", middle)
      .set("latency_us", middle > 0 ? 1e6 / middle : 0)
      .set("spread", spread(throughputs))
      .set("repeated", std::uint64_t{repeated})
      .set("windows", std::move(rows));
  text_.end_performance(middle, context_.environment().stamp());
  if (const auto error = clock_error(windows)) {
    fields.set("clock_error", *error);
    if (*error > clock_tolerance || *error < -clock_tolerance) {
      context_.notice("bench.device_clock", clock_words(*error),
                      "its throughput is off by as much: see its timer's prescaler; the clock of a "
                      "simulated device may do as it likes");
    }
  }
  if (repeated > 0) {
    context_.notice("bench.window_repeated",
                    fmt::format("{} windows were too short, and measured again", repeated), "");
  }
  context_.fields.set("performance", std::move(fields));
  co_return Result<void>();
}

}  // namespace aiot::bench
