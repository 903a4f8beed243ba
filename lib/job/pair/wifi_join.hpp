#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aiot/pair.hpp"
#include "dbus/wifi_join.hpp"
#include "job/pair/protocol.hpp"

namespace aiot::pair {

/// Where moves of this machine's Wi-Fi are recorded: $XDG_STATE_HOME/aiotctl/wifi-move.json, or
/// below ~/.local/state; "" where neither variable is set.
std::string wifi_record_path();
/// What an earlier run has recorded and not undone. Errors when the record cannot be read.
Result<std::optional<wifi::Stay>> read_wifi_record(const std::string& path);
/// Mode 0600, whole or not at all.
Result<void> write_wifi_record(const std::string& path, const wifi::Stay& stay);

/// This machine's Wi-Fi at a device's access point. leave() has to be called before it goes; what
/// it cannot undo stays on record for restore_wifi().
class AccessPointVisit {
 public:
  /// Waits until no other device of this process has the radio; errors when an earlier run has left
  /// a record. provisioning::Errc::unreachable, wifi's and D-Bus's errors.
  static net::Task<std::unique_ptr<AccessPointVisit>> begin(const WifiCredentials& network,
                                                            net::Clock& clock);
  ~AccessPointVisit();
  AccessPointVisit(const AccessPointVisit&) = delete;
  AccessPointVisit& operator=(const AccessPointVisit&) = delete;

  /// The one that is at the access point: "wlan0".
  const std::string& interface() const { return stay_.interface; }
  /// Back to where this machine was. Idempotent.
  net::Task<void> leave();

 private:
  explicit AccessPointVisit(net::Clock& clock) : clock_(clock) {}

  net::Clock& clock_;
  std::optional<dbus::Bus> bus_;
  std::unique_ptr<wifi::Mover> mover_;
  wifi::Stay stay_;
  std::string record_;
  bool left_ = false;
};

/// By which interface the device's access point is reached: the address names it (?interface=), or
/// it is the one that this machine has moved there. Another one may have the same network. ""
/// leaves it to the routes.
std::string interface_of(const Attempt& attempt);

}  // namespace aiot::pair
