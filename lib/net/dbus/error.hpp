#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::net::dbus {

/// What can go wrong with a service on the bus. The error's context has the bus's own name for it.
enum class Errc {
  no_bus = 1,   ///< no bus daemon runs here
  no_service,   ///< nobody on the bus has this name
  denied,       ///< the bus or the service does not let this user
  not_ready,    ///< the service is there, what it serves is not (BlueZ: powered off)
  in_progress,  ///< the same is under way already
  no_object,    ///< no such object, interface or method
  refused,      ///< another error that the service answered
  bad_message,  ///< a value that its signature does not describe, or a reply that is not understood
};
boost::system::error_code make_error_code(Errc e) noexcept;

/// The error for a D-Bus error's name ("org.bluez.Error.NotReady") and its text.
Error error_of(std::string_view name, std::string_view text);

}  // namespace aiot::net::dbus

template <>
struct boost::system::is_error_code_enum<aiot::net::dbus::Errc> : std::true_type {};
