#pragma once

#include <optional>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "protocol/ble/advert.hpp"
#include "protocol/ble/sensor.hpp"

namespace aiot::ble::mibeacon {

/// The service whose data is MiBeacon: Xiaomi.
inline constexpr std::uint16_t service = 0xFE95;

/// MiBeacon service data, versions 2 to 5, taken apart but not decrypted. Views into the advert's
/// bytes.
struct Frame {
  int version = 5;
  std::uint16_t product = 0;  ///< see model_of()
  std::uint8_t counter = 0;   ///< the low byte of the counter
  bool encrypted = false;
  bool mesh = false;
  bool registered = false;               ///< bound to an account
  bool solicited = false;                ///< asks to be bound
  std::optional<DeviceAddress> address;  ///< when the data names it
  std::optional<std::uint8_t> capability;
  bool has_objects = false;
  ByteSpan head;              ///< frame control, product and counter
  ByteSpan payload;           ///< objects; encrypted: the ciphertext
  ByteSpan extended_counter;  ///< encrypted only: 3 bytes
  ByteSpan tag;               ///< encrypted only: 4 bytes, or a single one in versions 2 and 3

  /// Both parts of the counter: 32 bits, or 8 on devices that leave the extended part at 0.
  std::uint32_t whole_counter() const;
  unsigned counter_bits() const;
};

/// Errc::truncated, Errc::bad_version (below 2, or above 5).
Result<Frame> parse_frame(ByteSpan data);

/// What a key made of an encrypted frame.
struct Opened {
  Bytes objects;
  bool verified = false;  ///< the tag fitted; versions 2 and 3 have none that could be checked
};
/// Decrypts with a key of 16 bytes, or 12 for versions 2 and 3. `address` is the sender's; the
/// frame's own goes before it. Errc::wrong_key when the tag does not fit or the key has another
/// length; in versions 2 and 3 when what comes out does not consist of objects. Errc::bad_format
/// for a frame that holds nothing encrypted.
Result<Opened> open(const Frame& frame, const DeviceAddress& address, ByteSpan key);

/// Object 0006, 5 bytes: whose finger, and whether it was known. False for a result that is not.
bool add_fingerprint(ByteSpan data, std::vector<Reading>& out);
/// Object 000B, 9 bytes: what was done to a lock, how, by which key. False for an unknown action.
bool add_lock(ByteSpan data, std::vector<Reading>& out);

/// What a frame's objects say.
struct Objects {
  std::vector<Reading> readings;
  /// False when the data broke off inside an object: what came before is here.
  bool complete = true;
};

/// Objects: two bytes of id, one of length, the value. `product` decides where makers read the same
/// object in different ways. An object that is not known is "object_4c14", with its bytes.
Objects parse_objects(std::uint16_t product, ByteSpan payload);

/// True when `payload` is filled by objects that are known: what a wrong key makes seldom is.
bool looks_like_objects(ByteSpan payload);

/// Adds the readings of an object that has several, or tells an event: buttons, doors, locks,
/// scales. False when `id` is none of these, or `data` has another length.
bool add_event(std::uint16_t product, std::uint16_t id, ByteSpan data, std::vector<Reading>& out);

}  // namespace aiot::ble::mibeacon
