#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/value.hpp"
#include "dbus/bus.hpp"

/// BlueZ over D-Bus, as its doc/*-api.txt (5.66) describes it.
namespace aiot::bluez {

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
net::Task<std::vector<Adapter>> list_adapters(dbus::Bus& bus, net::TimePoint deadline);

/// A scan under way on one adapter.
class Scan {
 public:
  using Handler = std::function<void(const Advert&)>;
  /// Starts an LE scan that reports every packet, on `adapter` ("hci0") or, when that is "", on
  /// the first one that is powered. `handler` is called with what is heard from now on, not with
  /// what BlueZ remembers. `bus` outlives the scan. bluez::Errc, Errc::timed_out.
  static net::Task<Scan> start(dbus::Bus& bus, std::string adapter, Handler handler, net::TimePoint deadline);

  const Adapter& adapter() const { return adapter_; }
  /// Ends the scan; without it BlueZ does when the bus connection ends.
  net::Task<void> stop(net::TimePoint deadline);

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
net::Task<Object> managed_objects(dbus::Bus& bus, net::TimePoint deadline);

}  // namespace aiot::bluez

template <>
struct boost::system::is_error_code_enum<aiot::bluez::Errc> : std::true_type {};

namespace aiot::bluez {

/// Hears when bluetoothd comes or goes, and when a controller does or is switched on or off: when a
/// scan is worth starting anew.
class Watch {
 public:
  /// dbus::Errc. `bus` outlives it.
  static Result<Watch> start(dbus::Bus& bus);
  /// Returns when something of this happens, at once when it has since the last time.
  /// Errc::timed_out, Errc::cancelled.
  net::Task<void> next(net::TimePoint deadline);

 private:
  struct Bell;
  explicit Watch(std::shared_ptr<Bell> bell) : bell_(std::move(bell)) {}

  std::shared_ptr<Bell> bell_;
  std::vector<dbus::Bus::Subscription> subscriptions_;
};

/// Characteristics of one connected device, through BlueZ.
class Gatt {
 public:
  /// Looks for the device with this address ("AA:BB:CC:DD:EE:FF", scanning for it when BlueZ does
  /// not know it), connects, and waits until its services are known. Errc::no_device; bluez::Errc;
  /// Errc::timed_out.
  static net::Task<Gatt> connect(dbus::Bus& bus, std::string address, net::TimePoint deadline);

  /// Reads a characteristic, named by its UUID ("2a19", or all 128 bits). Errc::no_attribute.
  net::Task<Bytes> read(std::string uuid, net::TimePoint deadline);
  /// Writes one, with a response.
  net::Task<void> write(std::string uuid, Bytes value, net::TimePoint deadline);
  /// Calls `handler` with each notification or indication, until the subscription is gone.
  net::Task<dbus::Bus::Subscription> notify(std::string uuid, std::function<void(const Bytes&)> handler,
                                       net::TimePoint deadline);
  /// Ends with Errc::link_lost when the device is no longer connected, else at the deadline.
  net::Task<void> wait_until_lost(net::TimePoint deadline);
  net::Task<void> disconnect(net::TimePoint deadline);

  /// The UUIDs of its characteristics, 128 bits, sorted by their objects.
  net::Task<std::vector<std::string>> characteristics(net::TimePoint deadline);

 private:
  struct Line;
  Gatt(dbus::Bus& bus, std::string path, std::shared_ptr<Line> line);
  net::Task<std::string> find(std::string uuid, net::TimePoint deadline);

  dbus::Bus* bus_;
  std::string path_;  // the device's object
  std::shared_ptr<Line> line_;
};

/// "2a19" and "0x2A19" as all 128 bits, lower case; what is no UUID stays as it is.
std::string full_uuid(std::string_view text);
/// The shortest spelling of one of 128 bits: "2a19" where it lies on the Bluetooth base.
std::string short_uuid(const std::string& uuid);

}  // namespace aiot::bluez
