#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "dbus/bus.hpp"

namespace aiot::wifi {

/// Why there is no Wi-Fi: each has another remedy, which the error's hint tells.
enum class Errc {
  no_daemon = 1,  ///< neither NetworkManager nor wpa_supplicant is on the bus
  no_adapter,     ///< there is one, and it manages no Wi-Fi interface
  switched_off,   ///< the radio is
  no_permission,  ///< this user may not ask
};
boost::system::error_code make_error_code(Errc e) noexcept;

/// A network as one access point sends it (a BSS).
struct AccessPoint {
  Bytes ssid;         ///< up to 32 bytes of anything; empty when it is hidden
  std::string bssid;  ///< "24:0a:c4:00:00:01"
  std::optional<int> signal_dbm;
  std::optional<int> signal_percent;  ///< NetworkManager tells no dBm
  unsigned frequency_mhz = 0;
  bool secured = false;                     ///< WEP, WPA or later
  std::optional<std::chrono::seconds> age;  ///< since it was last heard
};

/// "2437 MHz is channel 6" for 2.4, 5 and 6 GHz (IEEE 802.11-2020, annex E); 0 for others.
unsigned channel_of(unsigned frequency_mhz);

/// What manages the radios of this machine: NetworkManager where it runs, else wpa_supplicant.
class Manager {
 public:
  virtual ~Manager() = default;
  /// wifi::Errc, dbus::Errc::no_bus. `bus` outlives it.
  static net::Task<std::unique_ptr<Manager>> find(dbus::Bus& bus, net::TimePoint deadline);

  /// "NetworkManager", "wpa_supplicant"
  virtual std::string name() const = 0;
  /// The Wi-Fi interfaces it manages; at least one.
  virtual const std::vector<std::string>& interfaces() const = 0;
  /// What it heard lately, on all of them.
  virtual net::Task<std::vector<AccessPoint>> list(net::TimePoint deadline) = 0;
  /// Listens on every channel, and returns when that is done (2 to 6 s).
  virtual net::Task<void> scan(net::TimePoint deadline) = 0;
};

/// The two, for Manager::find(). nullptr when it does not run or has no Wi-Fi interface, and then
/// `why` says so.
net::Task<std::unique_ptr<Manager>> find_network_manager(dbus::Bus& bus, Error& why,
                                                         net::TimePoint deadline);
net::Task<std::unique_ptr<Manager>> find_supplicant(dbus::Bus& bus, Error& why,
                                                    net::TimePoint deadline);

}  // namespace aiot::wifi

template <>
struct boost::system::is_error_code_enum<aiot::wifi::Errc> : std::true_type {};
