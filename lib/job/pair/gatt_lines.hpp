#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dbus/bell.hpp"
#include "dbus/gatt.hpp"
#include "protocol/improv/line.hpp"
#include "protocol/protocomm/transport.hpp"

/// The pairing protocols that have characteristics of their own, on BlueZ.
namespace aiot::pair {

/// Whether one of a device's services is that of a pairing protocol.
bool offers_provisioning(const std::vector<std::string>& service_uuids);

/// The endpoints of ESP-IDF's provisioning: each is a characteristic, whose description is its
/// name.
class GattEndpoints final : public protocomm::EndpointTransport {
 public:
  /// `gatt` and `bus` outlive it; `gatt` is replaced when the device has to be connected again.
  GattEndpoints(dbus::Bus& bus, bluez::Gatt& gatt, net::Clock& clock)
      : bus_(bus), gatt_(gatt), clock_(clock) {}
  /// Whether the device has the service, by Espressif's UUIDs or by the endpoint prov-session;
  /// reads the names of the endpoints.
  net::Task<bool> find(net::TimePoint deadline);

  net::Clock& clock() override { return clock_; }
  net::Task<Bytes> exchange(std::string_view endpoint, ByteSpan body,
                            net::TimePoint deadline) override;
  net::Task<void> restart(net::TimePoint deadline) override;
  provisioning::Errc cause_of_drop() const override { return provisioning::Errc::link_lost; }
  /// Characteristics of older firmware hold 256 bytes.
  unsigned scan_page() const override { return 4; }

 private:
  dbus::Bus& bus_;
  bluez::Gatt& gatt_;
  net::Clock& clock_;
  std::map<std::string, std::string, std::less<>> endpoints_;  ///< name -> UUID
};

/// Improv's characteristics.
class GattCharacteristics final : public improv::Characteristics {
 public:
  GattCharacteristics(bluez::Gatt& gatt, net::Clock& clock);

  net::Clock& clock() override { return clock_; }
  net::Task<Bytes> read(std::string uuid, net::TimePoint deadline) override;
  net::Task<void> write(std::string uuid, Bytes value, net::TimePoint deadline) override;
  net::Task<void> subscribe(std::string uuid, net::TimePoint deadline) override;
  net::Task<Notification> next(net::TimePoint deadline) override;

 private:
  /// What has come, shared with what brings it.
  struct Inbox {
    std::deque<Notification> notifications;
    bool lost = false;
    std::shared_ptr<dbus::Bell> bell = std::make_shared<dbus::Bell>();
  };

  bluez::Gatt& gatt_;
  net::Clock& clock_;
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  std::vector<dbus::Bus::Subscription> subscriptions_;
};

}  // namespace aiot::pair
