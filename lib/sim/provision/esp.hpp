#pragma once

#include "sim/provision/kind.hpp"

namespace aiot::sim::provision {

/// An ESP32 whose access point serves ESP-IDF's provisioning over HTTP. Port: http:PORT, or
/// http:PORT?security=0 (1, 2). Without that the secrets decide: a user name means security 2, a
/// proof alone security 1; without any it is security 2 with those of Espressif's examples.
Result<std::unique_ptr<VirtualDevice>> make_esp(const net::asio::any_io_executor& executor,
                                                const Options& options);

}  // namespace aiot::sim::provision
