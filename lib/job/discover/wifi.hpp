#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "job/discover/source.hpp"
#include "dbus/wifi.hpp"

namespace aiot::discover {

/// A Wi-Fi name that devices choose when they wait to be set up.
struct SoftApName {
  std::string_view prefix;     ///< the name begins so, in any case of letters
  std::string_view inside;     ///< and holds this further on; "" for no more
  std::string_view ecosystem;  ///< "" where there is none
  std::string_view product;
  bool unprovisioned;  ///< false where such a network may stay up for ever
  double confidence;       ///< a name can be given to anything
};
std::span<const SoftApName> soft_ap_names();

/// What an access point says by its name; nullopt when it is not one of a device.
std::optional<Observation> observe_soft_ap(const wifi::AccessPoint& point);

/// Access points through NetworkManager or wpa_supplicant, on the message bus at `address` as
/// dbus::Bus::open takes it.
std::unique_ptr<Source> make_wifi_source(std::string bus_address);

}  // namespace aiot::discover
