#pragma once

#include "sim/provision/kind.hpp"

namespace aiot::sim::provision {

/// A virtual device on a pseudo-terminal, or on any port that sim::make_port() takes.
Result<std::unique_ptr<VirtualDevice>> make_improv(const net::asio::any_io_executor& executor,
                                                   const Options& options);

}  // namespace aiot::sim::provision
