#pragma once

#include <span>
#include <string>
#include <string_view>

#include "aiot/pair.hpp"
#include "fleet/fleet.hpp"
#include "provisioning/flow.hpp"

namespace aiot::pair {

class AccessPointVisit;

/// One device under way, as the host side of a protocol sees it. All that it refers to outlives it.
struct Attempt {
  fleet::DeviceRun& run;
  const Target& target;    ///< its secrets are complete: those of the request fill what it lacks
  const Request& request;  ///< with this device's Wi-Fi credentials
  PairResult& result;      ///< filled as the session goes
  provisioning::Flow& flow;
  AccessPointVisit* visit = nullptr;  ///< this machine's Wi-Fi is at the device's access point
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
};

/// All, in the order in which they are asked.
std::span<const Protocol> protocols();

}  // namespace aiot::pair
