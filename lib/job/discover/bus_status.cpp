#include "job/discover/bus_status.hpp"

#include <algorithm>
#include <array>

#include "dbus/bluez.hpp"
#include "dbus/message.hpp"
#include "dbus/wifi.hpp"

namespace aiot::discover {

SourceStatus status_of(const Error& error) {
  using bluez::make_error_code;
  using dbus::make_error_code;
  using wifi::make_error_code;
  struct Meaning {
    boost::system::error_code code;
    SourceState state;
  };
  const std::array<Meaning, 10> meanings = {{
      {make_error_code(dbus::Errc::no_bus), SourceState::daemon_missing},
      {make_error_code(dbus::Errc::denied), SourceState::no_permission},
      {make_error_code(bluez::Errc::no_daemon), SourceState::daemon_missing},
      {make_error_code(bluez::Errc::no_adapter), SourceState::no_adapter},
      {make_error_code(bluez::Errc::powered_off), SourceState::no_adapter},
      {make_error_code(bluez::Errc::no_permission), SourceState::no_permission},
      {make_error_code(wifi::Errc::no_daemon), SourceState::daemon_missing},
      {make_error_code(wifi::Errc::no_adapter), SourceState::no_adapter},
      {make_error_code(wifi::Errc::switched_off), SourceState::no_adapter},
      {make_error_code(wifi::Errc::no_permission), SourceState::no_permission},
  }};
  const auto* meaning = std::find_if(meanings.begin(), meanings.end(),
                                     [&](const Meaning& m) { return m.code == error.code; });
  const SourceState state = meaning == meanings.end() ? SourceState::failed : meaning->state;
  return {state, error.message(), error.hint};
}

}  // namespace aiot::discover
