#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/ble/advert.hpp"
#include "protocol/ble/key_guard.hpp"
#include "protocol/ble/reading.hpp"

namespace aiot::ble {

/// Keys of encrypted adverts by their device's address, most significant byte first. A key has 16
/// bytes, or 12 (MiBeacon v2 and v3).
using Keys = std::map<DeviceAddress, Bytes>;

/// What service data in one of the sensors' formats says.
struct SensorData {
  std::string format;                    ///< "bthome-v2", "mibeacon-v5", "atc1441", "pvvx"
  std::string_view ecosystem;            ///< "BTHome", "Xiaomi Mi Home"; "" when it is nobody's
  std::optional<DeviceAddress> address;  ///< when the data names it, else the sender's is its own
  bool encrypted = false;
  bool solicited = false;                ///< MiBeacon: asks to be bound
  bool registered = false;               ///< MiBeacon: bound to an account
  bool mesh = false;                     ///< MiBeacon: a mesh device
  std::optional<std::uint16_t> product;  ///< MiBeacon
  std::string_view model = {};           ///< of a product that is known
  std::optional<Security> security;      ///< nullopt: it holds nothing that could be believed
  /// What it measures. None where that cannot be trusted: a wrong key, replayed, or plain where
  /// there is a key.
  std::vector<Reading> readings;
};

/// Reads BTHome, MiBeacon and the ATC thermometers, with keys. It remembers of each device that has
/// a key how far its counter is, so the adverts of one search go through one of these, in their
/// order. Its memory does not grow with the number of devices. Pure.
class SensorDecoder {
 public:
  explicit SensorDecoder(Keys keys = {}) : keys_(std::move(keys)) {}

  /// nullopt for data in another format, or damaged. `data` is one of the advert's.
  std::optional<SensorData> decode(const Advert& advert, const ServiceData& data);

  /// Devices with a key whose adverts it does not open, or that look forged: what it was last.
  const std::map<DeviceAddress, Security>& key_problems() const { return key_problems_; }

 private:
  /// What a frame's key makes of it.
  struct Opened {
    Bytes objects;
    bool verified = true;  ///< the format has a tag, and it fitted
  };
  /// A frame as its key guard sees it.
  struct Sealed {
    DeviceAddress device;
    bool encrypted = false;
    std::uint32_t counter = 0;
    unsigned counter_bits = 32;
    ByteSpan content;  ///< the whole service data: what a repeated advert repeats
    ByteSpan payload;
    /// nullopt when the key does not fit.
    std::function<std::optional<Opened>(const Bytes& key)> open;
  };

  std::optional<SensorData> decode_bthome(const Advert& advert, const ServiceData& data);
  std::optional<SensorData> decode_mibeacon(const Advert& advert, ByteSpan data);
  std::optional<SensorData> decode_atc(const Advert& advert, ByteSpan data);
  const Bytes* key_of(const DeviceAddress& device) const;
  /// The frame's objects where they may be believed; says in `out` what is known of its safety.
  std::optional<Bytes> unseal(const Sealed& sealed, SensorData& out);

  Keys keys_;
  std::map<DeviceAddress, KeyGuard> guards_;  // of devices with a key
  std::map<DeviceAddress, Security> key_problems_;
};

/// "AA:BB:CC:DD:EE:FF: wrong key", for people.
std::string key_problem_text(const DeviceAddress& device, Security security);

}  // namespace aiot::ble
