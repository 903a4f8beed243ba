#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "aiot/bytes.hpp"
#include "dbus/bus.hpp"

namespace aiot::bluez {

/// One characteristic of a connected device.
struct Characteristic {
  std::string path;     ///< its object
  std::string uuid;     ///< 128 bits, lower case
  std::string service;  ///< the UUID of the service that has it
};

/// A connected device's services and characteristics, through BlueZ. Errors are in bluez::Errc's
/// terms: attribute where the device refuses with an ATT error, not_bonded, busy;
/// net::Errc::link_lost.
class Gatt {
 public:
  /// Looks for the device with this address ("AA:BB:CC:DD:EE:FF", scanning for it when BlueZ does
  /// not know it), connects, and waits until its services are known. Errc::no_device, busy,
  /// unreachable; Errc::timed_out. Whatever goes wrong, it leaves no connection behind.
  static net::Task<Gatt> connect(dbus::Bus& bus, std::string address, net::TimePoint deadline);
  /// The same for the device that BlueZ knows as `path`.
  static net::Task<Gatt> open(dbus::Bus& bus, std::string path, net::TimePoint deadline);

  const std::string& path() const { return path_; }
  /// Sorted by their objects.
  const std::vector<Characteristic>& characteristics() const { return characteristics_; }
  bool has_service(std::string_view uuid) const;

  /// Reads a characteristic, named by its UUID ("2a19", or all 128 bits). Errc::no_attribute.
  net::Task<Bytes> read(std::string uuid, net::TimePoint deadline);
  /// Writes one, with a response.
  net::Task<void> write(std::string uuid, Bytes value, net::TimePoint deadline);
  /// The same without: ends when the value is queued here. It is at most mtu() - 3 bytes, and
  /// 512.
  net::Task<void> write_command(std::string uuid, Bytes value, net::TimePoint deadline);
  /// What ATT has agreed on for this characteristic; 23 where BlueZ does not say.
  net::Task<std::size_t> mtu(std::string uuid, net::TimePoint deadline);
  /// Calls `handler` with each notification or indication, until the subscription is gone.
  net::Task<dbus::Bus::Subscription> notify(std::string uuid,
                                            std::function<void(const Bytes&)> handler,
                                            net::TimePoint deadline);
  /// Its user description (descriptor 2901, Core Specification 5.4, volume 3, part G, 3.3.3.2); ""
  /// when it has none.
  net::Task<std::string> description(Characteristic characteristic, net::TimePoint deadline);

  bool connected() const;
  /// Calls `handler` once the connection has ended, whichever side ended it.
  void when_lost(std::function<void()> handler);
  /// Ends with Errc::link_lost when the device is no longer connected, else at the deadline.
  net::Task<void> wait_until_lost(net::TimePoint deadline);
  net::Task<void> disconnect(net::TimePoint deadline);

 private:
  struct Line;
  Gatt(dbus::Bus& bus, std::string path, std::shared_ptr<Line> line);
  static net::Task<Gatt> open_or_fail(dbus::Bus& bus, std::string path, net::TimePoint deadline);
  net::Task<void> load(net::TimePoint deadline);
  Result<std::string> find(const std::string& uuid) const;
  net::Task<void> write_as(const char* type, std::string uuid, Bytes value,
                           net::TimePoint deadline);
  net::Task<Array> call(std::string path, const char* interface, const char* method,
                        std::string signature, Array arguments, net::TimePoint deadline);

  dbus::Bus* bus_;
  std::string path_;  // the device's object
  std::shared_ptr<Line> line_;
  std::vector<Characteristic> characteristics_;
  std::vector<std::string> services_;
  std::vector<std::pair<std::string, std::string>> descriptors_;  // object, UUID
};

}  // namespace aiot::bluez
