#pragma once

#include "protocol/smp/device.hpp"
#include "sim/ota/kind.hpp"

namespace aiot::sim::ota {

std::span<const FaultKind> smp_faults();
/// An SMP server with two slots and a boot loader that swaps them, over UDP or on a console.
Result<std::unique_ptr<VirtualDevice>> make_smp(const net::asio::any_io_executor& executor,
                                                const Options& options);

/// Of these, one behind a Bluetooth controller.
Result<std::unique_ptr<VirtualDevice>> make_smp_ble(const net::asio::any_io_executor& executor,
                                                    const Options& options, smp::Device device);

}  // namespace aiot::sim::ota
