#pragma once

#include "sim/ota/kind.hpp"

namespace aiot::sim::ota {

std::span<const FaultKind> smp_faults();
/// An SMP server with two slots and a boot loader that swaps them, over UDP or on a console.
Result<std::unique_ptr<VirtualDevice>> make_smp(const net::asio::any_io_executor& executor,
                                                const Options& options);

}  // namespace aiot::sim::ota
