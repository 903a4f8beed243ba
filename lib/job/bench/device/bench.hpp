#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "job/bench/device/power.hpp"
#include "job/bench/device/run.hpp"
#include "job/bench/device/submission.hpp"
#include "job/bench/device/window.hpp"
#include "protocol/energyrunner/session.hpp"

namespace aiot::bench {

/// Something to upload, and what to call it.
struct Sample {
  std::string name;
  Bytes upload;
};

/// How an input comes to the device.
enum class Input : std::uint8_t {
  sent,    ///< it is uploaded
  proven,  ///< it is uploaded, and read back
  held,    ///< it is there still, from the inference before; sent after something went wrong
};

/// The benchmark of one device.
class DutBench {
 public:
  /// What it is given outlives it; `result` is filled as far as it comes.
  DutBench(fleet::DeviceRun& dut, const DeviceRequest& request, DeviceEnvironment& environment,
           const DeviceResources& resources, DutResult& result)
      : dut_(dut),
        request_(request),
        environment_(environment),
        resources_(resources),
        result_(result) {}

  net::Task<void> run();
  /// Releases the monitor and the port: also after an error and a cancellation.
  net::asio::awaitable<void> leave();

 private:
  net::Task<void> greet();
  net::Task<void> prepare();
  /// The reference engine for the device's model; Errc::wrong_model.
  net::Task<void> take_reference(const std::string& id);
  /// Whether the data set is for the device's model, as far as sizes tell.
  Result<void> check_data() const;
  net::Task<void> performance();
  net::Task<void> accuracy();
  net::Task<void> energy_windows(const power::MonitorInfo& info);
  net::Task<void> conclude();

  /// Uploads and infers; errors on the line are repaired a few times, and logged.
  net::Task<energyrunner::Inference> infer(const Sample& sample, std::uint32_t iterations,
                                           std::uint32_t warmups, Input input);
  net::Task<energyrunner::Inference> try_infer(const Sample& sample, std::uint32_t iterations,
                                               std::uint32_t warmups, Input input, bool again);
  /// Waits after an error until the device answers again. While its speed is unknown, a silent
  /// device may be computing: up to longest_patience.
  net::Task<void> await_device();
  /// How long one inference takes by the device's clock, by a run of its own.
  net::Task<double> calibrate(const Sample& sample);
  /// Compares results with the reference's, and finds out where a difference comes from.
  net::Task<void> compare(const Sample& sample, const std::vector<double>& results);
  void note_repair(const Error& error, const std::string& what);
  /// The inputs of windows: the data set's first, or pseudo-random ones.
  net::Task<std::vector<Sample>> window_samples();

  /// The stretch between the last two edges, or between the laps as they arrived.
  net::Task<power::Stretch> measured(const energyrunner::Inference& inference,
                                     std::uint64_t edges_before);
  net::Task<double> calibrate_energy(const Sample& sample);

  fleet::DeviceRun& dut_;
  const DeviceRequest& request_;
  DeviceEnvironment& environment_;
  const DeviceResources& resources_;
  DutResult& result_;
  std::unique_ptr<net::Link> link_;
  std::optional<energyrunner::Session> session_;
  const inference::tiny::Task* task_ = nullptr;
  std::shared_ptr<Reference> reference_;
  std::optional<Comparer> comparer_;
  std::optional<PowerFeed> power_;
  std::string folder_;  ///< of the results, below that of the request
  SubmissionText text_;
  double each_s_ = 0;  ///< of an inference, as calibrated; 0: not yet
  std::vector<Error> misses_;  ///< limits that were missed, in the order they were found
};

}  // namespace aiot::bench
