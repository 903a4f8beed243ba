#include "protocol/esphome_ota/message.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/digest.hpp"

namespace aiot::esphome {
namespace {

constexpr ErrorRow error_rows[] = {
    {Errc::no_reply, "esphome.no_reply", "no reply from the device", Condition::timeout, true},
    {Errc::protocol, "esphome.protocol", "the device's reply is invalid", Condition::protocol},
    {Errc::unsupported_version, "esphome.unsupported_version",
     "the device speaks another version of ESPHome's OTA protocol", Condition::protocol},
    {Errc::needs_password, "esphome.needs_password", "the device wants a password",
     Condition::refused_security},
    {Errc::wrong_password, "esphome.wrong_password", "the device refused the password",
     Condition::refused_security},
    {Errc::refused, "esphome.refused", "the device refused the update", Condition::protocol},
    {Errc::no_space, "esphome.no_space", "the firmware is too large for the device",
     Condition::mismatch},
    {Errc::damaged, "esphome.damaged", "the firmware arrived damaged", Condition::mismatch, true},
};
const ErrorTable error_table("esphome", error_rows);

/// components/ota/ota_backend.h.
struct DeviceError {
  std::uint8_t byte;
  Errc code;
  std::string_view text;
};
constexpr std::array<DeviceError, 13> device_errors = {{
    {0x80, Errc::protocol, "invalid magic bytes"},
    {0x81, Errc::refused, "could not prepare the flash"},
    {0x82, Errc::wrong_password, "authentication invalid"},
    {0x83, Errc::refused, "writing the flash failed"},
    {0x84, Errc::refused, "ending the update failed"},
    {0x85, Errc::refused, "invalid bootstrapping: reset the device manually first"},
    {0x86, Errc::refused, "wrong flash configuration now"},
    {0x87, Errc::refused, "wrong flash configuration of the new firmware"},
    {0x88, Errc::no_space, "ESP8266: not enough space"},
    {0x89, Errc::no_space, "ESP32: not enough space"},
    {0x8A, Errc::refused, "no partition for updates"},
    {0x8B, Errc::damaged, "MD5 mismatch"},
    {0x8C, Errc::no_space, "RP2040: not enough space"},
}};

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_table};
}

Error error_of(std::uint8_t byte) {
  const auto known = std::ranges::find(device_errors, byte, &DeviceError::byte);
  if (known == device_errors.end()) {
    return make_error(Errc::refused, fmt::format("error {:#04x}", byte),
                      "read the device's log, and try again");
  }
  Error error = make_error(known->code).with_peer_text(std::string(known->text));
  switch (known->code) {
    case Errc::wrong_password:
      error.hint = "give the password of the device's OTA configuration";
      break;
    case Errc::no_space:
      error.hint = "build a smaller firmware, or flash a larger partition by cable";
      break;
    default: error.hint = "restart the device, and try again"; break;
  }
  return error;
}

std::string md5_response(std::string_view password, std::string_view nonce,
                         std::string_view cnonce) {
  const std::string text = fmt::format("{}{}{}", password, nonce, cnonce);
  return to_hex(crypto::md5(as_bytes(text)));
}

std::string sha256_response(std::string_view password, std::string_view nonce,
                            std::string_view cnonce) {
  const std::string text = fmt::format("{}{}{}", password, nonce, cnonce);
  return to_hex(crypto::sha256(as_bytes(text)));
}

}  // namespace aiot::esphome
