#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"
#include "aiot/pair.hpp"
#include "aiot/result.hpp"

namespace aiot::config {

/// A user's name and password for a server.
struct Credentials {
  std::string user;
  std::string password;
};

/// Reads them from YAML:
///
///     user: line-7
///     password: "correct horse"
///
/// The file must be its owner's alone (see read_secret_file). Errc::unknown_key and Errc::bad_value
/// name the line, never the password.
Result<Credentials> read_credentials(const std::string& path);
/// The same from its text; `path` as errors call it.
Result<Credentials> parse_credentials(std::string_view text, const std::string& path);

/// Keys of encrypted adverts by their device's address, most significant byte first. A key has 16
/// bytes, or 12 (MiBeacon v2 and v3).
using BindKeys = std::map<std::array<std::uint8_t, 6>, Bytes>;

/// Reads keys from YAML, one device a line:
///
///     AA:BB:CC:DD:EE:FF: 231d39c1d7cc1ab1aee224cd096db932
///
/// The file must be its owner's alone (see read_secret_file). Errc::bad_value names the line, never
/// the key.
Result<BindKeys> read_bind_keys(const std::string& path);
Result<BindKeys> parse_bind_keys(std::string_view text, const std::string& path);

/// A Wi-Fi network from YAML: ssid, and perhaps password, security and hidden. What the fields hold
/// is not checked. Errc::unknown_key and Errc::bad_value name the line, never what is on it.
Result<pair::WifiCredentials> parse_wifi(std::string_view text, const std::string& name);
/// The secrets of a device from YAML: pop, username, passkey, token; each may be missing.
Result<pair::Secrets> parse_device_secrets(std::string_view text, const std::string& name);
/// The same from files that are their owner's alone (see read_secret_file).
Result<pair::WifiCredentials> read_wifi_file(const std::string& path);
Result<pair::Secrets> read_device_secrets(const std::string& path);

}  // namespace aiot::config
