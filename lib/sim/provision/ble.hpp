#pragma once

#include "sim/provision/kind.hpp"

/// Virtual devices behind a Bluetooth controller of this machine, through BlueZ. Port: ble, or
/// ble:hci1 for one that is not the first.
namespace aiot::sim::provision {

Result<std::unique_ptr<VirtualDevice>> make_esp_ble(const net::asio::any_io_executor& executor,
                                                    const Options& options);
Result<std::unique_ptr<VirtualDevice>> make_improv_ble(const net::asio::any_io_executor& executor,
                                                       const Options& options);

}  // namespace aiot::sim::provision
