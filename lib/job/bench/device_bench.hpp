#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "job/bench/device_compare.hpp"
#include "job/bench/device_context.hpp"
#include "job/bench/device_inputs.hpp"
#include "job/bench/device_power.hpp"
#include "job/bench/device_results.hpp"
#include "job/bench/device_window.hpp"
#include "protocol/energyrunner/session.hpp"

namespace aiot::bench {

/// What all devices of a run share, read once.
struct DeviceResources {
  std::shared_ptr<const inference::Model> model;  ///< nullptr: nothing to compare with
  std::optional<DataSet> data;
  bool several = false;  ///< devices: their results need folders of their own
  std::unique_ptr<Workers> workers;
};
Result<DeviceResources> read_resources(const DeviceRequest& request, std::size_t devices);

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

/// The benchmark of one device, from greeting to verdict.
class DeviceBench {
 public:
  DeviceBench(DeviceContext& context, const DeviceResources& resources)
      : context_(context), resources_(resources) {}

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

  // device_infer.cpp
  /// Uploads and infers; what goes wrong by the way is mended a few times, and said.
  net::Task<energyrunner::Inference> infer(const Sample& sample, std::uint32_t iterations,
                                           std::uint32_t warmups, Input input);
  net::Task<energyrunner::Inference> try_infer(const Sample& sample, std::uint32_t iterations,
                                               std::uint32_t warmups, Input input, bool again);
  /// Gets the device to listen after something went wrong. While its speed is unknown, one that
  /// does not answer may be computing, and is waited for: longest_patience.
  net::Task<void> listens_again();
  /// How long one inference takes by the device's clock, by a run of its own.
  net::Task<double> calibrate(const Sample& sample);
  /// Compares results with the reference's, and finds out where a difference comes from.
  net::Task<void> compare(const Sample& sample, const std::vector<double>& results);
  void mended(const Error& error, const std::string& what);
  /// The inputs of windows: the data set's first, or pseudo-random ones.
  net::Task<std::vector<Sample>> window_samples();

  // device_energy.cpp
  /// The stretch between the last two edges, or between the laps as they arrived.
  net::Task<power::Stretch> measured(const energyrunner::Inference& inference,
                                     std::uint64_t edges_before);
  net::Task<double> calibrate_energy(const Sample& sample);

  DeviceContext& context_;
  const DeviceResources& resources_;
  std::unique_ptr<net::Link> link_;
  std::optional<energyrunner::Session> session_;
  const inference::tiny::Task* task_ = nullptr;
  std::shared_ptr<Reference> reference_;
  std::optional<Comparison> comparison_;
  std::optional<PowerFeed> power_;
  std::string place_;  ///< of the results, below their folder
  SubmissionText text_;
  double each_s_ = 0;  ///< of an inference, as calibrated; 0: not yet
  std::uint64_t mended_ = 0;
  std::vector<Error> misses_;  ///< limits that were missed, in the order they were found
};

}  // namespace aiot::bench
