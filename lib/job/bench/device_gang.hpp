#pragma once

#include "job/bench/device_bench.hpp"

namespace aiot::bench {

/// Measures one device and says how it ended: exactly one Finished or Failed event. The coroutine
/// may be cancelled; that is a report, too.
net::asio::awaitable<DeviceReport> bench_device(DeviceContext& context,
                                                const DeviceResources& resources, EventSink& sink);

/// run_devices() in a given environment.
Result<DevicesReport> run_device_gang(std::span<const Address> devices,
                                      const DeviceRequest& request, DeviceEnvironment& environment,
                                      EventSink& sink, std::stop_token stop);

/// Settings that go together: Errc::bad_request, DeviceErrc::no_devices, same_device,
/// needs_monitor.
Result<void> check_request(std::span<const Address> devices, const DeviceRequest& request);

}  // namespace aiot::bench
