#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/bind_keys.hpp"
#include "job/discover/observation.hpp"
#include "protocol/ble/advert.hpp"
#include "protocol/ble/key_guard.hpp"

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
  const Bytes* key_of(const ble::DeviceAddress& device) const;
  void add_bthome(const ble::Advert& advert, const ble::ServiceData& data, Observation& out);
  void add_mibeacon(const ble::Advert& advert, ByteSpan data, Observation& out);
  /// What a frame's key makes of it: nullopt when the key does not fit.
  struct Opened {
    Bytes objects;
    bool verified = true;  ///< the format has a tag, and it fitted
  };
  /// A frame as its key guard sees it.
  struct Sealed {
    ble::DeviceAddress device;
    bool encrypted = false;
    std::uint32_t counter = 0;
    unsigned counter_bits = 32;
    ByteSpan content;  ///< the whole service data: what a repeated advert repeats
    ByteSpan payload;
  };
  /// The frame's objects where they may be believed; tells what is known of its safety.
  std::optional<Bytes> unseal(const Sealed& sealed,
                              const std::function<std::optional<Opened>(const Bytes& key)>& open,
                              Observation& out);

  config::BindKeys keys_;
  std::map<ble::DeviceAddress, ble::KeyGuard> guards_;        // of devices with a key
  std::map<ble::DeviceAddress, ble::Security> key_problems_;  // the same
};

}  // namespace aiot::discover
