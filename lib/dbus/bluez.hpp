#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/value.hpp"
#include "dbus/bus.hpp"
#include "net/scanned_advert.hpp"

namespace aiot::dbus {
class Bell;
}

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
  busy,           ///< another connection is in the way: of the device, or of this host
  unreachable,    ///< the device was heard, and takes no connection
  attribute,      ///< the device refused to read or write a characteristic
  not_bonded,     ///< a characteristic is for bonded hosts only
  bond_failed,    ///< the two could not agree on a key
  wrong_passkey,  ///< the same, with a passkey that somebody entered or compared
  bond_rejected,  ///< by the device or its user
  bond_timeout,   ///< the device did not answer while the bond was made
  bonded,         ///< this host has a bond with it already
  no_passkey,     ///< the device asks for a passkey, and none is known
};
boost::system::error_code make_error_code(Errc e) noexcept;

/// One controller of this machine.
struct Adapter {
  std::string path;     ///< "/org/bluez/hci0"
  std::string address;  ///< "AA:BB:CC:DD:EE:FF"
  bool powered = false;
};

/// One advertisement as BlueZ reports it. Name and services may be from earlier packets; service
/// and manufacturer data are from this one.
struct Advert : net::ScannedAdvert {
  std::string path;                           ///< the device's object
  std::optional<std::uint32_t> device_class;  ///< of BR/EDR: Class of Device
  bool paired = false;
  bool connected = false;
};

/// The adapters, sorted by path. Errc::no_daemon, no_permission; dbus::Errc::no_bus.
net::Task<std::vector<Adapter>> list_adapters(dbus::Bus& bus, net::TimePoint deadline);

/// What a scan looks for: LE adverts, BR/EDR devices by inquiry, or both by turns.
enum class Radio { le, bredr, both };

/// A scan under way on one adapter.
class Scan {
 public:
  using Handler = std::function<void(const Advert&)>;
  /// Starts a scan that reports every packet, on `adapter` ("hci0") or, when that is "", on
  /// the first one that is powered. `handler` is called with what is heard from now on, not with
  /// what BlueZ remembers. `bus` outlives the scan. bluez::Errc, Errc::timed_out.
  static net::Task<Scan> start(dbus::Bus& bus, std::string adapter, Handler handler,
                               net::TimePoint deadline, Radio radio = Radio::le);

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

/// A device to look for.
struct Wanted {
  std::string address;       ///< "AA:BB:CC:DD:EE:FF"; "" takes the first one with the name
  std::string name = {};     ///< that it announces
  std::string adapter = {};  ///< "hci0"; "" for the first one that is powered
  bool now = false;          ///< heard now, or connected; otherwise what BlueZ remembers will do
  Radio radio = Radio::le;
};
/// Scans for a device until it is heard; scans no longer then, which a connection needs.
/// Errc::no_device at the deadline; bluez::Errc.
net::Task<Advert> find_device(dbus::Bus& bus, Wanted wanted, net::TimePoint deadline);

/// Ends the connection to the device at `path`, and the attempt to make one. Also works in a
/// coroutine that was cancelled. BlueZ takes two seconds for it, to let its profiles end.
net::Task<void> hang_up(dbus::Bus& bus, std::string path);
/// The same, while the executor's loop goes on with other things: the outcome is known before.
void hang_up_meanwhile(const net::asio::any_io_executor& executor, std::shared_ptr<dbus::Bus> bus,
                       std::string path);

/// "AA:BB:CC:DD:EE:FF" in any spelling of its letters.
bool same_address(std::string_view a, std::string_view b);

/// A bus error in BlueZ's terms, with what to do about it.
Error explain(Error error);

/// Every object of BlueZ: path -> interface -> properties (ObjectManager).
net::Task<Object> managed_objects(dbus::Bus& bus, net::TimePoint deadline);

}  // namespace aiot::bluez

template <>
struct boost::system::is_error_code_enum<aiot::bluez::Errc> : std::true_type {};

namespace aiot::bluez {

/// Reports when bluetoothd comes or goes, and when a controller does or is switched on or off: when
/// a scan is worth starting anew.
class Watch {
 public:
  /// dbus::Errc. `bus` outlives it.
  static Result<Watch> start(dbus::Bus& bus);
  /// Returns when something of this happens, at once when it has since the last time.
  /// Errc::timed_out, Errc::cancelled.
  net::Task<void> next(net::TimePoint deadline);

 private:
  explicit Watch(std::shared_ptr<dbus::Bell> bell);

  std::shared_ptr<dbus::Bell> bell_;
  std::vector<dbus::Bus::Subscription> subscriptions_;
};

/// "2a19" and "0x2A19" as all 128 bits, lower case; what is no UUID stays as it is.
std::string full_uuid(std::string_view text);
/// The shortest spelling of one of 128 bits: "2a19" where it lies on the Bluetooth base.
std::string short_uuid(const std::string& uuid);

}  // namespace aiot::bluez
