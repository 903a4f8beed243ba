#include <fmt/format.h>

#include <algorithm>

#include "job/bench/device_bench.hpp"
#include "job/bench/device_error.hpp"

// Energy: windows of many inferences, each between two edges that the monitor saw, or between two
// laps as they arrived here.
namespace aiot::bench {
namespace {

constexpr int most_repeats = 3;

}  // namespace

net::Task<power::Stretch> DeviceBench::measured(const energyrunner::Inference& inference,
                                                std::uint64_t edges_before) {
  if (session_->greeting().energy_mode) {
    Result<void> came = co_await power_->await_edges(edges_before + 2);
    if (!came) co_return std::move(came).error();
    // A pin may twitch when a window begins: its last two edges are the window's.
    const auto& edges = power_->recorder().edges();
    co_return power::between(edges[edges.size() - 2], edges[edges.size() - 1]);
  }
  Result<void> passed = co_await power_->await_time(inference.end);
  if (!passed) co_return std::move(passed).error();
  const auto begin = power_->recorder().at(inference.begin);
  const auto end = power_->recorder().at(inference.end);
  if (!begin || !end) {
    co_return make_error(power::Errc::bad_stream, "the monitor's stream does not cover the window");
  }
  co_return power::between(*begin, *end);
}

net::Task<double> DeviceBench::calibrate_energy(const Sample& sample) {
  if (!session_->greeting().energy_mode) {
    Result<double> each = co_await calibrate(sample);
    co_return each;
  }
  std::uint32_t iterations = 1;
  for (int i = 0; i < 2; ++i) {
    const std::uint64_t edges = power_->recorder().edge_count();
    const Input input = i == 0 ? Input::proven : Input::held;
    Result<energyrunner::Inference> done = co_await infer(sample, iterations, 0, input);
    if (!done) co_return std::move(done).error();
    Result<power::Stretch> stretch = co_await measured(*done, edges);
    if (!stretch) co_return std::move(stretch).error();
    each_s_ = std::max(stretch->seconds / iterations, 1e-6);
    if (i == 0) iterations = calibrating_iterations(each_s_);
    if (iterations == 1) break;
  }
  co_return each_s_;
}

net::Task<void> DeviceBench::energy_windows(const power::MonitorInfo& info) {
  const DeviceRequest& request = context_.request();
  Result<std::vector<Sample>> taken = co_await window_samples();
  AIOT_CO_TRY(const std::vector<Sample> samples, std::move(taken));
  if (session_->greeting().energy_mode && !info.has_edges) {
    context_.notice("bench.no_edges", "this monitor does not see the device's pin by itself",
                    "send its edges with its samples, or build the firmware for performance");
  }
  Result<void> started = co_await power_->start();
  AIOT_CO_CHECK(std::move(started));
  context_.step("calibrate", 2);
  Result<double> each = co_await calibrate_energy(samples.front());
  if (!each) co_return std::move(each).error();
  std::uint32_t iterations = iterations_for(*each, request.window);
  context_.step("energy", 10.0 * request.windows);
  const double least_s = std::chrono::duration<double>(request.window).count();
  std::vector<double> energies;
  Array rows;
  unsigned repeated = 0;
  for (const Sample& sample : samples) {
    for (int i = 0;; ++i) {
      const power::Recorder& recorder = power_->recorder();
      const std::uint64_t edges = recorder.edge_count();
      const std::uint64_t lost = recorder.lost_samples() + recorder.lost_edges();
      Result<energyrunner::Inference> done =
          co_await infer(sample, iterations, request.warmups, Input::proven);
      if (!done) co_return std::move(done).error();
      Result<power::Stretch> stretch = co_await measured(*done, edges);
      if (!stretch) co_return std::move(stretch).error();
      const bool whole = recorder.lost_samples() + recorder.lost_edges() == lost;
      if (whole && stretch->seconds >= least_s) {
        const double each_j = stretch->joules / iterations;
        energies.push_back(each_j * 1e6);
        Object row;
        row.set("inferences", std::uint64_t{iterations})
            .set("seconds", stretch->seconds)
            .set("samples", stretch->samples)
            .set("microjoules_each", each_j * 1e6)
            .set("milliwatts", stretch->watts() * 1e3);
        rows.emplace_back(std::move(row));
        text_.add_energy(energies.size() - 1, *stretch, iterations);
        Result<void> compared = co_await compare(sample, done->results);
        AIOT_CO_CHECK(std::move(compared));
        break;
      }
      if (i == most_repeats) {
        if (!whole) {
          co_return make_error(power::Errc::lost_samples, sample.name,
                               "give the monitor a port of its own, or fewer samples a second");
        }
        co_return make_error(DeviceErrc::window_invalid,
                             fmt::format("{}: {:.3f} s of the monitor's clock, {:.3f} s are needed",
                                         sample.name, stretch->seconds, least_s));
      }
      ++repeated;
      if (whole) {
        each_s_ = std::max(stretch->seconds / iterations, 1e-7);
        iterations = iterations_for(each_s_, request.window);
      }
    }
    context_.progress(energies.size(), samples.size(), "windows");
  }
  const power::Recorder& recorder = power_->recorder();
  const double middle = median(energies);
  Object fields;
  fields.set("median_microjoules", middle)
      .set("spread", spread(energies))
      .set("repeated", std::uint64_t{repeated})
      .set("bounded_by", session_->greeting().energy_mode ? "edges" : "laps")
      .set("windows", std::move(rows))
      .set("samples", recorder.samples())
      .set("lost_samples", recorder.lost_samples())
      .set("lost_edges", recorder.lost_edges())
      .set("buffer_percent", std::uint64_t{recorder.fullest_percent()});
  context_.fields.set("energy", std::move(fields));
  text_.end_energy(middle);
  if (recorder.lost_samples() > 0 || recorder.lost_edges() > 0) {
    context_.notice("bench.lost_samples",
                    fmt::format("the monitor lost {} samples and {} edges; those windows were "
                                "measured again",
                                recorder.lost_samples(), recorder.lost_edges()),
                    "");
  }
  Result<void> finished = co_await power_->finish();
  co_return finished;
}

}  // namespace aiot::bench
