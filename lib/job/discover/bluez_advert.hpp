#pragma once

#include <optional>

#include "net/dbus/bluez.hpp"
#include "protocol/ble/advert.hpp"

namespace aiot::discover {

/// What BlueZ tells of a device, as an advert; nullopt when its address is none.
std::optional<ble::Advert> to_advert(const net::bluez::Advert& heard);

}  // namespace aiot::discover
