#pragma once

#include "sim/ota/kind.hpp"

namespace aiot::sim::ota {

std::span<const FaultKind> ddi_faults();
/// A Linux device that polls a hawkBit server for its updates. Its id there is "sim-N".
Result<std::unique_ptr<VirtualDevice>> make_ddi(const net::asio::any_io_executor& executor,
                                                const Options& options);

}  // namespace aiot::sim::ota
