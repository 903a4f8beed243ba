#pragma once

#include "sim/provision/kind.hpp"

namespace aiot::sim::provision {

/// A virtual device on UDP port 54321, or on another.
Result<std::unique_ptr<VirtualDevice>> make_miio(const net::asio::any_io_executor& executor,
                                                 const Options& options);

}  // namespace aiot::sim::provision
