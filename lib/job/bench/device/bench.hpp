#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "job/bench/device/dut.hpp"
#include "job/bench/device/power.hpp"
#include "job/bench/device/submission.hpp"
#include "job/bench/device/window.hpp"

namespace aiot::bench {

/// The benchmark of one device.
class DutBench {
 public:
  /// What it is given outlives it; `result` is filled as far as it comes.
  DutBench(fleet::DeviceRun& run, const DeviceRequest& request, DeviceEnvironment& environment,
           const DeviceResources& resources, DutResult& result)
      : run_(run),
        request_(request),
        environment_(environment),
        resources_(resources),
        result_(result),
        dut_(run, request, environment, result) {}

  net::Task<void> run();
  /// Releases the monitor and the port: also after an error and a cancellation.
  net::asio::awaitable<void> leave();

 private:
  net::Task<void> prepare();
  /// The reference engine for the device's model; Errc::wrong_model.
  net::Task<void> take_reference(const std::string& id);
  /// Whether the data set is for the device's model, as far as sizes tell.
  Result<void> check_data() const;
  net::Task<void> performance();
  net::Task<void> accuracy();
  net::Task<void> energy_windows(const power::MonitorInfo& info);
  net::Task<void> conclude();

  /// The inputs of windows: the data set's first, or pseudo-random ones.
  net::Task<std::vector<Sample>> window_samples();

  /// The stretch between the last two edges, or between the laps as they arrived.
  net::Task<power::Stretch> measured(const energyrunner::Inference& inference,
                                     std::uint64_t edges_before);
  /// Until the edges of the inference that was compared are here: they are not the next window's.
  net::Task<void> await_compared(std::uint64_t edges_before);
  net::Task<double> calibrate_energy(const Sample& sample);

  fleet::DeviceRun& run_;
  const DeviceRequest& request_;
  DeviceEnvironment& environment_;
  const DeviceResources& resources_;
  DutResult& result_;
  Dut dut_;
  const inference::tiny::Task* task_ = nullptr;
  std::shared_ptr<Reference> reference_;
  std::optional<PowerFeed> power_;
  std::string folder_;  ///< of the results, below that of the request
  SubmissionText text_;
  std::vector<Error> misses_;  ///< limits that were missed, in the order they were found
};

}  // namespace aiot::bench
