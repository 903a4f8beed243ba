#pragma once

#include "sim/provision/kind.hpp"

namespace aiot::sim::provision {

/// A virtual device on UDP port 5683, or on another.
Result<std::unique_ptr<VirtualDevice>> make_alibaba(const net::asio::any_io_executor& executor,
                                                    const Options& options);

}  // namespace aiot::sim::provision
