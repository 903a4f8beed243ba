#pragma once

#include "net/dbus/bluez.hpp"

namespace aiot::net::bluez {

/// Hears when bluetoothd comes or goes, and when a controller does or is switched on or off: when a
/// scan is worth starting anew.
class Watch {
 public:
  /// dbus::Errc. `bus` outlives it.
  static Result<Watch> start(dbus::Bus& bus);
  /// Returns when something of this happens, at once when it has since the last time.
  /// Errc::timed_out, Errc::cancelled.
  Task<void> next(TimePoint deadline);

 private:
  struct Bell;
  explicit Watch(std::shared_ptr<Bell> bell) : bell_(std::move(bell)) {}

  std::shared_ptr<Bell> bell_;
  std::vector<dbus::Bus::Subscription> subscriptions_;
};

}  // namespace aiot::net::bluez
