#pragma once

#include "protocol/protocomm/device.hpp"
#include "sim/provision/kind.hpp"

namespace aiot::sim::provision {

/// An ESP32 whose access point serves ESP-IDF's provisioning over HTTP. Port: http:PORT, or
/// http:PORT?security=0 (1, 2). Without that the secrets decide: a user name means security 2, a
/// proof alone security 1; without any it is security 2 with those of Espressif's examples. Port ble, or
/// ble:hci1: the same on a Bluetooth controller.
Result<std::unique_ptr<VirtualDevice>> make_esp(const net::asio::any_io_executor& executor,
                                                const Options& options);

/// What the device is, whatever carries its requests.
struct EspIdentity {
  protocomm::DeviceOptions device;
  std::string name;
  std::string mac;
  std::string code;
};
EspIdentity esp_identity(const Options& options, std::optional<unsigned> security,
                         std::string_view transport);

}  // namespace aiot::sim::provision
