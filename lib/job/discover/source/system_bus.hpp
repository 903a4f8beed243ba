#pragma once

#include <memory>
#include <string>

#include "job/discover/source.hpp"

namespace aiot::discover {

/// The two sources that ask other programs over D-Bus, on a bus of the caller's: `address` as
/// net::dbus::Bus::open() takes it.
std::unique_ptr<Source> make_ble_source(std::string bus_address);
std::unique_ptr<Source> make_wifi_source(std::string bus_address);

}  // namespace aiot::discover
