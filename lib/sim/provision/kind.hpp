#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/sim.hpp"
#include "net/clock.hpp"
#include "provisioning/flow.hpp"
#include "sim/virtual_device.hpp"

/// Virtual devices that wait to be paired.
namespace aiot::sim::provision {

/// What one device is made from.
struct Options {
  unsigned index = 0;  ///< of those that run together: its name, MAC and port follow from it
  std::string port;    ///< as the kind takes it; "" for its usual one, port 0 for a free one
  std::vector<provisioning::Fault> faults;
  provisioning::Secrets secrets;       ///< that the device expects; "" for the kind's usual ones
  provisioning::WifiCredentials wifi;  ///< the network around it; ssid "" takes any
  net::Clock* clock = nullptr;
};

/// A kind of device: a file of this folder and one row of kinds.cpp.
struct Kind {
  std::string_view name;  ///< "esp"
  std::string_view description;
  Result<std::unique_ptr<VirtualDevice>> (*make)(const net::asio::any_io_executor& executor,
                                                 const Options& options);
};
std::span<const Kind> kinds();

}  // namespace aiot::sim::provision
