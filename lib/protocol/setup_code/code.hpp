#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aiot/bytes.hpp"
#include "aiot/pair.hpp"
#include "aiot/result.hpp"

/// Setup codes: what is printed on a device, as a QR code or as digits.
namespace aiot::setup_code {

/// The longest code that is looked at; a QR code holds less.
inline constexpr std::size_t max_code_bytes = 4096;

/// Of ESP-IDF's provisioning. Texts are as the code has them.
struct Esp {
  std::string version;    ///< "v1"
  std::string name;       ///< of the device: its BLE name or its access point
  std::string username;   ///< of security 2
  std::string pop;        ///< proof of possession, a secret
  std::string transport;  ///< "ble", "softap"
  std::string security;   ///< "0", "1", "2"; "" when it does not say
  std::string password;   ///< of its access point, a secret
  std::string network;    ///< "wifi", "thread"; "" when it does not say
};

/// Of Wi-Fi Easy Connect.
struct Dpp {
  std::string channels;  ///< "81/1,115/36", as the code has them
  std::string mac;       ///< lower case, with colons; "" when it does not say
  std::string info;
  std::string version;
  std::string host;  ///< of DPP over TCP
  Bytes key;         ///< SubjectPublicKeyInfo in DER
};

/// Of HomeKit. What is typed has the code alone.
struct HomeKit {
  std::string code;  ///< "031-45-154", a secret
  std::uint8_t category = 0;
  bool paired = false;
  bool ip = false;
  bool ble = false;
  std::string setup_id;  ///< 4 characters; "" when it does not say
};

/// Of Matter.
struct Matter {
  bool manual = false;  ///< digits, not a QR code: 4 bits of discriminator, and perhaps no product
  std::optional<std::uint16_t> vendor;
  std::optional<std::uint16_t> product;
  std::uint16_t discriminator = 0;
  std::uint32_t passcode = 0;  ///< a secret
  std::uint8_t flow = 0;       ///< 0 standard, 1 user intent, 2 custom
  std::uint8_t discovery = 0;  ///< bits: 0 SoftAP, 1 BLE, 2 on the network
};

/// A Wi-Fi network. The only kind that is no device.
struct Wifi {
  pair::WifiCredentials credentials;
};

using Code = std::variant<Esp, Dpp, HomeKit, Matter, Wifi>;

/// "esp", "dpp", "homekit", "matter", "wifi".
std::string_view kind_of(const Code& code);

/// Whether `text` is written like a code, be it valid or not. No address is.
bool looks_like_code(std::string_view text);

/// provisioning::Errc::bad_code says what is wrong, and never quotes.
Result<Code> parse(std::string_view text);

/// The device's name as the code has it, else what distinguishes it; "" when only its secrets do.
std::string label(const Code& code);

/// What proves that this host may set the device up.
pair::Secrets secrets_of(const Code& code);

/// "MT:…", or 11 or 21 digits, with or without dashes and blanks. Matter core specification 5.1.
Result<Matter> parse_matter(std::string_view text);

}  // namespace aiot::setup_code
