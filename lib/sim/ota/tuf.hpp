#pragma once

#include "sim/ota/kind.hpp"

namespace aiot::sim::ota {

std::span<const FaultKind> tuf_faults();
/// A gateway with two slots that polls a TUF repository from a pinned root, and installs what it
/// offers as `ota::install` does.
Result<std::unique_ptr<VirtualDevice>> make_tuf(const net::asio::any_io_executor& executor,
                                                const Options& options);

}  // namespace aiot::sim::ota
