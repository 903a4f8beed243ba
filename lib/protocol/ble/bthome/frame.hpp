#pragma once

#include <optional>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "protocol/ble/advert.hpp"

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

}  // namespace aiot::ble::bthome
