#pragma once

#include <functional>
#include <string>

#include "aiot/bytes.hpp"
#include "net/dbus/bluez.hpp"

namespace aiot::net::bluez {

/// Characteristics of one connected device, through BlueZ.
class Gatt {
 public:
  /// Looks for the device with this address ("AA:BB:CC:DD:EE:FF", scanning for it when BlueZ does
  /// not know it), connects, and waits until its services are known. Errc::no_device; bluez::Errc;
  /// Errc::timed_out.
  static Task<Gatt> connect(dbus::Bus& bus, std::string address, TimePoint deadline);

  /// Reads a characteristic, named by its UUID ("2a19", or all 128 bits). Errc::no_attribute.
  Task<Bytes> read(std::string uuid, TimePoint deadline);
  /// Writes one, with a response.
  Task<void> write(std::string uuid, Bytes value, TimePoint deadline);
  /// Calls `handler` with each notification or indication, until the subscription is gone.
  Task<dbus::Bus::Subscription> notify(std::string uuid, std::function<void(const Bytes&)> handler,
                                       TimePoint deadline);
  /// Ends with Errc::link_lost when the device is no longer connected, else at the deadline.
  Task<void> wait_until_lost(TimePoint deadline);
  Task<void> disconnect(TimePoint deadline);

  /// The UUIDs of its characteristics, 128 bits, sorted by their objects.
  Task<std::vector<std::string>> characteristics(TimePoint deadline);

 private:
  struct Line;
  Gatt(dbus::Bus& bus, std::string path, std::shared_ptr<Line> line);
  Task<std::string> find(std::string uuid, TimePoint deadline);

  dbus::Bus* bus_;
  std::string path_;  // the device's object
  std::shared_ptr<Line> line_;
};

/// "2a19" and "0x2A19" as all 128 bits, lower case; what is no UUID stays as it is.
std::string full_uuid(std::string_view text);
/// The shortest spelling of one of 128 bits: "2a19" where it lies on the Bluetooth base.
std::string short_uuid(const std::string& uuid);

}  // namespace aiot::net::bluez
