#include "net/dbus/error.hpp"

#include <fmt/format.h>

#include <array>

namespace aiot::net::dbus {
namespace {

constexpr int row(Errc e) { return static_cast<int>(e); }

constexpr std::array<ErrorRow, 8> rows = {{
    {row(Errc::no_bus), "dbus.no_bus", "the system bus does not run here", Condition::resource},
    {row(Errc::no_service), "dbus.no_service", "the service does not run", Condition::resource},
    {row(Errc::denied), "dbus.denied", "this user may not ask the service", Condition::resource},
    {row(Errc::not_ready), "dbus.not_ready", "not ready", Condition::resource, true},
    {row(Errc::in_progress), "dbus.in_progress", "under way already", Condition::resource, true},
    {row(Errc::no_object), "dbus.no_object", "the service has no such thing", Condition::no_match},
    {row(Errc::refused), "dbus.refused", "the service refused", Condition::protocol},
    {row(Errc::bad_message), "dbus.bad_message", "a message that does not fit its description",
     Condition::protocol},
}};
const ErrorTable table("dbus", rows);

/// How errors are named: by the bus (D-Bus specification 0.41), BlueZ, NetworkManager and
/// wpa_supplicant, which end theirs alike.
struct Ending {
  std::string_view text;
  Errc meaning;
};
constexpr std::array<Ending, 17> endings = {{
    {".ServiceUnknown", Errc::no_service},
    {".NameHasNoOwner", Errc::no_service},
    {".NoSuchUnit", Errc::no_service},
    {".UnitMasked", Errc::no_service},
    {".Disconnected", Errc::no_service},
    {".NoReply", Errc::no_service},
    {".AccessDenied", Errc::denied},
    {".AuthFailed", Errc::denied},
    {".NotAuthorized", Errc::denied},
    {".PermissionDenied", Errc::denied},
    {".InteractiveAuthorizationRequired", Errc::denied},
    {".NotReady", Errc::not_ready},
    {".InProgress", Errc::in_progress},
    {".UnknownObject", Errc::no_object},
    {".UnknownMethod", Errc::no_object},
    {".UnknownInterface", Errc::no_object},
    {".DoesNotExist", Errc::no_object},
}};

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

Error error_of(std::string_view name, std::string_view text) {
  Errc meaning = Errc::refused;
  for (const Ending& ending : endings) {
    if (name.ends_with(ending.text)) meaning = ending.meaning;
  }
  std::string context(name);
  if (!text.empty()) context += fmt::format(" ({})", text);
  return make_error(meaning, std::move(context));
}

}  // namespace aiot::net::dbus
