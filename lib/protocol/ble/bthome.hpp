#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "protocol/ble/advert.hpp"
#include "protocol/ble/sensor.hpp"

namespace aiot::ble::bthome {

/// Services whose data is BTHome.
inline constexpr std::uint16_t service_v1 = 0x181C;
inline constexpr std::uint16_t service_v1_encrypted = 0x181E;
inline constexpr std::uint16_t service_v2 = 0xFCD2;

/// BTHome service data, taken apart but not decrypted. Views into the advert's bytes.
struct Frame {
  int version = 2;
  bool encrypted = false;
  bool on_event = false;  ///< sends when something happens, not at intervals (version 2)
  std::optional<DeviceAddress> address;  ///< when the data names it (version 2)
  ByteSpan payload;                      ///< objects; encrypted: the ciphertext
  ByteSpan counter_bytes;                ///< encrypted only: 4 bytes
  ByteSpan tag;                          ///< encrypted only: 4 bytes
  std::uint8_t info = 0;                 ///< the first byte (version 2)

  std::uint32_t counter() const;
};

/// True for one of the three services.
bool is_bthome(const Uuid& service);
/// Errc::bad_format, Errc::bad_version, Errc::truncated.
Result<Frame> parse_frame(const Uuid& service, ByteSpan data);
/// The objects of an encrypted frame, decrypted with a key of 16 bytes. `address` is the sender's;
/// the frame's own goes before it. Errc::wrong_key when the tag does not fit, or the key has
/// another length.
Result<Bytes> open(const Frame& frame, const DeviceAddress& address, ByteSpan key);

/// What a frame's objects say.
struct Objects {
  std::optional<std::uint8_t> packet_id;  ///< changes when the readings do
  /// In the frame's order. The second of a name is called "temperature_2", as receivers do.
  std::vector<Reading> readings;
  /// False when an object is not known, or the data broke off inside one: what came before is here.
  bool complete = true;
};

/// Objects of version 2 (bthome.io/format, object ids 00 to 64 and F0 to F2), or of version 1, in
/// each object of which has its own length and number format.
Objects parse_objects(int version, ByteSpan payload);

/// How an object's bytes are read.
enum class Form : std::uint8_t {
  number,     ///< unsigned, little-endian
  signed_,    ///< signed, little-endian
  boolean,    ///< not zero: true
  button,     ///< what a button did
  dimmer,     ///< direction, and steps
  text,       ///< length, UTF-8
  raw,        ///< length, bytes
  timestamp,  ///< seconds since 1970
  version,    ///< one number a byte, the last first
  packet_id,
};

/// One row of the table of objects.
struct ObjectType {
  std::uint8_t id;
  std::string_view name;
  std::string_view unit;
  Form form;
  std::uint8_t size;  ///< bytes; 0: the first byte says
  std::int64_t multiplier = 1;
  std::int64_t divisor = 1;
};

/// nullptr for an id that is not known.
const ObjectType* find_object_type(std::uint8_t id);

}  // namespace aiot::ble::bthome
