#pragma once

#include <boost/asio/ip/udp.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "aiot/pair.hpp"
#include "fleet/fleet.hpp"
#include "net/interfaces.hpp"
#include "provisioning/flow.hpp"

namespace aiot::pair {

class AccessPointVisit;

/// By what a device is found again on the network, beside what its result says.
struct Clues {
  std::optional<net::MacAddress> access_point;  ///< the MAC of its own access point
  std::optional<std::uint64_t> miio_id;
  net::asio::ip::udp::endpoint miio_at;  ///< where it replied last
};

/// One device under way, as the host side of a protocol sees it. All that it refers to outlives it.
struct Attempt {
  fleet::DeviceRun& run;
  const Target& target;    ///< its secrets are complete: those of the request fill what it lacks
  const Request& request;  ///< with this device's Wi-Fi credentials
  PairResult& result;      ///< filled as the session goes
  provisioning::Flow& flow;
  AccessPointVisit* visit = nullptr;  ///< this machine's Wi-Fi is at the device's access point
  Clues clues = {};
};

/// A way to pair a device. Each is a file of this folder that joins a protocol's session to a link,
/// and one row of protocols.cpp.
struct Protocol {
  std::string_view name;     ///< "esp"
  std::string_view summary;  ///< for the list of protocols, one line
  /// Whether a target is for it by its code, scheme or query. The first that takes it is used.
  bool (*takes)(const Target& target);
  bool needs_wifi = true;  ///< provisioning::Errc::missing_wifi before the device is touched
  net::Task<void> (*pair)(Attempt& attempt);
  /// Stages that its sessions do not have: a failure is never said to be on the way to them.
  std::span<const Stage> without = {};
  bool owns_key_file = false;  ///< its keys do not share a file with those of another device
};

/// All, in the order in which they are asked.
std::span<const Protocol> protocols();

}  // namespace aiot::pair
