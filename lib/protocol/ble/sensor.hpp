#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/value.hpp"
#include "protocol/ble/advert.hpp"

namespace aiot::ble {

/// One thing an advert measures or tells: a number with its unit, true or false, or words.
struct Reading {
  std::string name;            ///< "temperature", "motion", "button"
  Value value;                 ///< bool, integer, double, string or bytes
  std::string_view unit = {};  ///< as a name ends: "celsius", "percent"; "" where there is none
};

/// "temperature_celsius", "motion".
std::string full_name(const Reading& reading);

/// `number` times `multiplier` / `divisor`, as near as a double gets: 2506 / 100 is 25.06. Stays an
/// integer when both are 1.
Value scaled(std::int64_t number, std::int64_t multiplier, std::int64_t divisor);

/// Calls the second of a name "temperature_2", and takes out readings without a value, which count.
void settle(std::vector<Reading>& readings);

/// `number`, or null for one that is none or has no end: JSON has no such thing.
Value finite(double number);

/// What is known of the safety of one device's adverts.
enum class Security {
  plain,       ///< not encrypted, and nothing says that it should be
  needs_key,   ///< encrypted, and there is no key for it
  wrong_key,   ///< encrypted, and the key does not fit
  opened,      ///< the key fits
  unverified,  ///< decrypted with a key that the format gives no way to check
  wrapped,     ///< opened; the counter went from its end to its beginning
  restarted,   ///< opened; the counter began again, as after a change of batteries
  replayed,    ///< opened, but the counter is not ahead: an older advert sent again
  downgraded,  ///< plain, though there is a key for this device
};
/// "plain", "needs key", …
std::string_view security_text(Security security);
/// True when the advert's readings may be shown.
bool is_trusted(Security security);

/// Watches one device, for which there is a key, through its adverts. Pure; time plays no part.
class KeyGuard {
 public:
  /// An advert with readings that is not encrypted.
  Security on_plain() const { return Security::downgraded; }
  /// An encrypted advert. `opened`: the tag fitted. `counter` counts up in `bits` bits, and
  /// `content` is what it came with: devices send the same advert many times over, which is no
  /// replay. A counter that falls is forgiven near its end (wrapped), or when it starts again below
  /// 100 (restarted), as BTHome receivers do.
  Security on_sealed(bool opened, std::uint32_t counter, unsigned bits, ByteSpan content);

  /// An encrypted advert that opened without a tag to prove it (MiBeacon 2 and 3). Such a counter
  /// may be anyone's: one that is behind is reported as a replay, but three in a row that count up
  /// by little are a device that began again.
  Security on_untagged(std::uint32_t counter, unsigned bits, ByteSpan content);

 private:
  Security evaluate(std::uint32_t counter, unsigned bits, ByteSpan content,
                    Security when_ahead) const;
  void move(std::uint32_t counter, ByteSpan content);

  std::optional<std::uint32_t> last_;
  Bytes content_;
  std::optional<std::uint32_t> behind_;  ///< untagged: the last that was behind
  int behind_run_ = 0;                   ///< how many of these counted up
};

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
