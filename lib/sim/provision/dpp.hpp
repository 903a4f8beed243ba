#pragma once

#include "sim/provision/kind.hpp"

namespace aiot::sim::provision {

/// A device that waits for a DPP configurator, over TCP. Its code is the same in each run.
Result<std::unique_ptr<VirtualDevice>> make_dpp(const net::asio::any_io_executor& executor,
                                                const Options& options);

}  // namespace aiot::sim::provision
