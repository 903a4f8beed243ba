#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "aiot/bench_device.hpp"
#include "fleet/fleet.hpp"
#include "inference/engine.hpp"
#include "job/bench/device/compare.hpp"
#include "job/bench/host/labels.hpp"
#include "net/link.hpp"

namespace aiot::bench {

/// What the job takes from outside, so that tests bring virtual devices and virtual time.
struct DeviceEnvironment {
  using MakeEngine = std::function<Result<std::unique_ptr<inference::Engine>>(
      std::shared_ptr<const inference::Model>)>;

  std::function<net::Task<std::unique_ptr<net::Link>>(Address, net::OpenOptions)> open;
  net::Clock* clock = nullptr;
  /// Month, day and time as the submission's lines have them: "1124.093801".
  std::function<std::string()> stamp;
  /// Of the model to compare with, one for each device; called and run beside the loop.
  MakeEngine engine = reference_engine;

  /// Errors of inference::make_reference_engine().
  static Result<std::unique_ptr<inference::Engine>> reference_engine(
      std::shared_ptr<const inference::Model> model);
};
/// The real links, the machine's clocks.
DeviceEnvironment real_device_environment();

/// What all devices of a run share, read once.
struct DeviceResources {
  std::shared_ptr<const inference::Model> model;  ///< nullptr: nothing to compare with
  std::optional<DataSet> data;
  bool several = false;  ///< devices: their results need folders of their own
  std::unique_ptr<Workers> workers;
};
Result<DeviceResources> read_resources(const DeviceRequest& request, std::size_t devices);

fleet::Batch batch_of(const DeviceRequest& request, const DeviceEnvironment& environment);

/// Settings that go together: Errc::bad_request, DeviceErrc::no_devices, same_device, shared_trace,
/// needs_monitor.
Result<void> check_request(std::span<const Address> devices, const DeviceRequest& request,
                           const fleet::Batch& batch);

/// Measures one device. The coroutine may be cancelled; that is a report, too. What it is given
/// outlives it.
net::asio::awaitable<DeviceReport<DutResult>> bench_device(fleet::DeviceRun& dut,
                                                           const DeviceRequest& request,
                                                           DeviceEnvironment& environment,
                                                           const DeviceResources& resources);

/// run_devices() in a given environment.
Result<DevicesReport> run_devices_in(std::span<const Address> devices, const DeviceRequest& request,
                                     DeviceEnvironment& environment, EventSink& sink,
                                     std::stop_token stop);

}  // namespace aiot::bench
