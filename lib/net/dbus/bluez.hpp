#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/value.hpp"
#include "net/dbus/bus.hpp"

/// BlueZ over D-Bus, as its doc/*-api.txt (5.66) describes it.
namespace aiot::net::bluez {

inline constexpr const char* service = "org.bluez";
inline constexpr const char* adapter_interface = "org.bluez.Adapter1";
inline constexpr const char* device_interface = "org.bluez.Device1";

/// Why there is no Bluetooth: each has another remedy, which the error's hint tells.
enum class Errc {
  no_daemon = 1,  ///< bluetoothd does not run
  no_adapter,     ///< it runs, and has no controller
  powered_off,    ///< there is a controller, which is switched off
  no_permission,  ///< this user may not talk to bluetoothd
  no_device,      ///< no device with this address was heard
  no_attribute,   ///< the device has no such characteristic
};
boost::system::error_code make_error_code(Errc e) noexcept;

/// One controller of this machine.
struct Adapter {
  std::string path;     ///< "/org/bluez/hci0"
  std::string address;  ///< "AA:BB:CC:DD:EE:FF"
  bool powered = false;
};

/// What BlueZ heard of one device just now. Name and services may be from earlier packets; data is
/// from this one.
struct Advert {
  std::string path;     ///< the device's object
  std::string address;  ///< "AA:BB:CC:DD:EE:FF"
  bool random_address = false;
  std::string name;
  std::optional<int> rssi_dbm;
  std::optional<int> tx_power_dbm;
  std::optional<std::uint16_t> appearance;
  std::optional<Bytes> flags;
  std::vector<std::string> service_uuids;  ///< 128 bits: "0000fe95-0000-1000-8000-00805f9b34fb"
  std::vector<std::pair<std::string, Bytes>> service_data;
  std::vector<std::pair<std::uint16_t, Bytes>> manufacturer_data;
  bool paired = false;
  bool connected = false;
};

/// The adapters, sorted by path. Errc::no_daemon, no_permission; dbus::Errc::no_bus.
Task<std::vector<Adapter>> list_adapters(dbus::Bus& bus, TimePoint deadline);

/// A scan under way on one adapter.
class Scan {
 public:
  using Handler = std::function<void(const Advert&)>;
  /// Starts an LE scan that reports every packet, on `adapter` ("hci0") or, when that is "", on
  /// the first one that is powered. `handler` is called with what is heard from now on, not with
  /// what BlueZ remembers. `bus` outlives the scan. bluez::Errc, Errc::timed_out.
  static Task<Scan> start(dbus::Bus& bus, std::string adapter, Handler handler, TimePoint deadline);

  const Adapter& adapter() const { return adapter_; }
  /// Ends the scan; without it BlueZ does when the bus connection ends.
  Task<void> stop(TimePoint deadline);

 private:
  struct Ear;
  Scan(dbus::Bus& bus, Adapter adapter, std::shared_ptr<Ear> ear);

  dbus::Bus* bus_;
  Adapter adapter_;
  std::shared_ptr<Ear> ear_;
  std::vector<dbus::Bus::Subscription> subscriptions_;
};

/// A bus error in BlueZ's terms, with what to do about it.
Error explain(Error error);

/// Every object of BlueZ: path -> interface -> properties (ObjectManager).
Task<Object> managed_objects(dbus::Bus& bus, TimePoint deadline);

}  // namespace aiot::net::bluez

template <>
struct boost::system::is_error_code_enum<aiot::net::bluez::Errc> : std::true_type {};
