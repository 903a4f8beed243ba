#pragma once

#include <optional>

#include "net/dbus/bluez.hpp"
#include "protocol/ble/advert.hpp"

namespace aiot::ble {

/// What BlueZ tells of a device, as an advert; nullopt when its address is none.
std::optional<Advert> to_advert(const net::bluez::Advert& heard);

}  // namespace aiot::ble
