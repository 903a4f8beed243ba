#pragma once

#include <memory>
#include <string>

#include "job/listen/source.hpp"

namespace aiot::listen {

/// make_ble_source() on a message bus of the caller's: `bus_address` as dbus::Bus::open()
/// takes it.
Result<std::unique_ptr<Source>> make_ble_source(const Address& address, const Request& request,
                                                std::string bus_address);

}  // namespace aiot::listen
