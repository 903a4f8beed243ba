#include "job/discover/bus_status.hpp"

#include <algorithm>
#include <array>

#include "net/dbus/bluez.hpp"
#include "net/dbus/error.hpp"
#include "net/dbus/wifi.hpp"

namespace aiot::discover {

SourceStatus status_of(const Error& error) {
  using net::bluez::make_error_code;
  using net::dbus::make_error_code;
  using net::wifi::make_error_code;
  struct Meaning {
    boost::system::error_code code;
    SourceState state;
  };
  const std::array<Meaning, 10> meanings = {{
      {make_error_code(net::dbus::Errc::no_bus), SourceState::daemon_missing},
      {make_error_code(net::dbus::Errc::denied), SourceState::no_permission},
      {make_error_code(net::bluez::Errc::no_daemon), SourceState::daemon_missing},
      {make_error_code(net::bluez::Errc::no_adapter), SourceState::no_adapter},
      {make_error_code(net::bluez::Errc::powered_off), SourceState::no_adapter},
      {make_error_code(net::bluez::Errc::no_permission), SourceState::no_permission},
      {make_error_code(net::wifi::Errc::no_daemon), SourceState::daemon_missing},
      {make_error_code(net::wifi::Errc::no_adapter), SourceState::no_adapter},
      {make_error_code(net::wifi::Errc::switched_off), SourceState::no_adapter},
      {make_error_code(net::wifi::Errc::no_permission), SourceState::no_permission},
  }};
  const auto* meaning = std::find_if(meanings.begin(), meanings.end(),
                                     [&](const Meaning& m) { return m.code == error.code; });
  const SourceState state = meaning == meanings.end() ? SourceState::failed : meaning->state;
  return {state, error.message(), error.hint};
}

}  // namespace aiot::discover
