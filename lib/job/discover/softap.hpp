#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "job/discover/observation.hpp"
#include "net/dbus/wifi.hpp"

namespace aiot::discover {

/// A Wi-Fi name that devices choose when they wait to be set up.
struct SoftApName {
  std::string_view prefix;     ///< the name begins so, in any case of letters
  std::string_view inside;     ///< and holds this further on; "" for no more
  std::string_view ecosystem;  ///< "" where it tells none
  std::string_view product;
  std::string_view state;  ///< "unprovisioned", or "" where such a network may stay up for ever
  double confidence;       ///< a name can be given to anything
};
std::span<const SoftApName> soft_ap_names();

/// What an access point says by its name; nullopt when it is not one of a device.
std::optional<Observation> observe_soft_ap(const net::wifi::AccessPoint& point);

}  // namespace aiot::discover
