#include "net/dbus/wifi.hpp"

#include <array>

#include "net/dbus/error.hpp"

namespace aiot::net::wifi {
namespace {

constexpr int row(Errc e) { return static_cast<int>(e); }
constexpr std::array<ErrorRow, 4> rows = {{
    {row(Errc::no_daemon), "wifi.no_daemon", "nothing manages Wi-Fi here", Condition::resource},
    {row(Errc::no_adapter), "wifi.no_adapter", "no Wi-Fi interface", Condition::resource},
    {row(Errc::switched_off), "wifi.switched_off", "the Wi-Fi radio is switched off",
     Condition::resource},
    {row(Errc::no_permission), "wifi.permission", "this user may not use Wi-Fi",
     Condition::resource},
}};
const ErrorTable table("wifi", rows);

bool says(const Error& error, Errc code) { return error.code == make_error_code(code); }

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

unsigned channel_of(unsigned frequency_mhz) {
  if (frequency_mhz == 2484) return 14;
  if (frequency_mhz >= 2412 && frequency_mhz < 2484) return (frequency_mhz - 2407) / 5;
  if (frequency_mhz >= 5180 && frequency_mhz <= 5885) return (frequency_mhz - 5000) / 5;
  if (frequency_mhz >= 5955 && frequency_mhz <= 7115) return (frequency_mhz - 5950) / 5;
  return 0;
}

Task<std::unique_ptr<Manager>> Manager::find(dbus::Bus& bus, TimePoint deadline) {
  Error first;
  AIOT_CO_TRY(auto manager, co_await find_network_manager(bus, first, deadline));
  if (manager) co_return std::move(manager);
  Error second;
  AIOT_CO_TRY(manager, co_await find_supplicant(bus, second, deadline));
  if (manager) co_return std::move(manager);
  // What NetworkManager has to say is the better advice, unless it is not there at all.
  co_return says(first, Errc::no_daemon) ? std::move(second) : std::move(first);
}

}  // namespace aiot::net::wifi
