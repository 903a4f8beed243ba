#pragma once

#include "sim/provision/kind.hpp"

namespace aiot::sim::provision {

/// A HomeKit accessory on a TCP port of its own ("tcp:PORT"), which mDNS announces. Its secret is
/// its setup code.
Result<std::unique_ptr<VirtualDevice>> make_homekit(const net::asio::any_io_executor& executor,
                                                    const Options& options);

}  // namespace aiot::sim::provision
