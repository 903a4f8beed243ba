#pragma once

#include <string>
#include <vector>

#include "config/secrets.hpp"
#include "job/discover/source.hpp"
#include "protocol/ble/advert.hpp"
#include "protocol/ble/sensor.hpp"

namespace aiot::discover {

/// Turns adverts into observations, whatever brought them: the air, BlueZ, a capture. It remembers
/// of each device that has a key how far its counter is, so the adverts of one search go through
/// one observer, in their order. Its memory does not grow with the number of devices.
class BleObserver {
 public:
  explicit BleObserver(config::BindKeys keys = {});

  /// What the advert says of its device. Readings that cannot be trusted (replayed, or plain
  /// where there is a key) are left out; "ble.security" says so. Facts: name, rssi_dbm, mac,
  /// ecosystem, state, model; vendor_id, product_id and discriminator of Matter; "ble.formats",
  /// "ble.security", "ble.temperature_celsius" and other readings, each name ending in its unit.
  Observation observe(const ble::Advert& advert);

  /// What users should know of their keys, sorted: "AA:BB:CC:DD:EE:FF: wrong key".
  std::vector<std::string> key_problems() const;

 private:
  ble::SensorDecoder sensors_;
};

/// Bluetooth LE adverts through BlueZ, on the message bus at `address` as dbus::Bus::open takes it.
std::unique_ptr<Source> make_ble_source(std::string bus_address);
/// Bluetooth BR/EDR devices, by inquiry, the same way.
std::unique_ptr<Source> make_bluetooth_source(std::string bus_address);

}  // namespace aiot::discover
