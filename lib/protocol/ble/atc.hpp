#pragma once

#include <optional>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "protocol/ble/advert.hpp"
#include "protocol/ble/sensor.hpp"

namespace aiot::ble::atc {

/// Environmental Sensing: the service whose data the ATC firmwares for Xiaomi's thermometers use.
inline constexpr std::uint16_t service = 0x181A;

/// The four forms of that data (github.com/pvvx/ATC_MiThermometer, "Bluetooth Advertising
/// Formats"). They differ in length.
enum class Form {
  atc,            ///< ATC1441's: 13 bytes, big-endian
  atc_encrypted,  ///< 8 bytes
  pvvx,           ///< pvvx's "custom": 15 bytes, little-endian
  pvvx_encrypted  ///< 11 bytes
};
/// "atc1441", "pvvx".
std::string_view form_text(Form form);

/// Service data taken apart but not decrypted. Views into the advert's bytes.
struct Frame {
  Form form = Form::pvvx;
  std::optional<DeviceAddress> address;  ///< in the forms that are not encrypted
  std::uint8_t counter = 0;
  ByteSpan payload;  ///< the values; encrypted: the ciphertext
  ByteSpan tag;      ///< encrypted only: 4 bytes

  bool encrypted() const { return form == Form::atc_encrypted || form == Form::pvvx_encrypted; }
};

/// nullopt for what other devices with this service send. Plain forms are known by their sender's
/// address in them; encrypted ones, which nothing but the length tells, are taken from addresses
/// of these thermometers alone (Telink, A4:C1:38) or where `expected`.
std::optional<Frame> parse_frame(ByteSpan data, const DeviceAddress& sender, bool expected);

/// The values of an encrypted frame, decrypted with a key of 16 bytes. Errc::wrong_key when the tag
/// does not fit, or the key has another length.
Result<Bytes> open(const Frame& frame, const DeviceAddress& sender, ByteSpan key);

/// Temperature, humidity, battery, and its voltage in the plain forms, of values as they stand in a
/// frame of this form. The switches of some thermometers are left out. Empty for a wrong length.
std::vector<Reading> readings(Form form, ByteSpan values);

}  // namespace aiot::ble::atc
