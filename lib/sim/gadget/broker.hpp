#pragma once

#include <optional>
#include <string>

#include "aiot/sim.hpp"
#include "mqtt/client.hpp"

namespace aiot::sim::gadget {

/// Where gadgets publish, and as whom.
struct Broker {
  mqtt::Options options;     ///< host, login, certificate authority
  std::string prefix;             ///< of the topics, without a slash at the end
  net::Duration interval{};       ///< between two readings
  std::uint64_t flood_per_s = 0;  ///< messages besides
};

/// What the request says of a broker, with the login read from its file; nullopt when it names
/// none. Errors of the address, of the file, and Errc of sim.
Result<std::optional<Broker>> broker_of(const Request& request);

}  // namespace aiot::sim::gadget
