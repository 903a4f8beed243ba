#include "config/secrets.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <span>

#include "config/yaml.hpp"
#include "core/mac.hpp"

namespace aiot::config {

Result<Credentials> read_credentials(const std::string& path) {
  AIOT_TRY(const std::string text, read_secret_file(path));
  return parse_credentials(text, path);
}

Result<Credentials> parse_credentials(std::string_view text, const std::string& path) {
  AIOT_TRY(const std::vector<Entry> entries, parse_yaml(text, path));
  Credentials found;
  for (const Entry& entry : entries) {
    if (entry.key == "user") {
      found.user = entry.value;
    } else if (entry.key == "password") {
      found.password = entry.value;
    } else {
      return make_error(Errc::unknown_key, fmt::format("{}:{}", path, entry.line),
                        "a credentials file has two lines: user: NAME and password: WORD");
    }
  }
  if (found.user.empty()) {
    return make_error(Errc::bad_value, path + ": the user is missing",
                      "a credentials file has two lines: user: NAME and password: WORD");
  }
  return found;
}

Result<BindKeys> read_bind_keys(const std::string& path) {
  AIOT_TRY(const std::string text, read_secret_file(path));
  return parse_bind_keys(text, path);
}

Result<BindKeys> parse_bind_keys(std::string_view text, const std::string& path) {
  AIOT_TRY(const std::vector<Entry> entries, parse_yaml(text, path));
  BindKeys keys;
  for (const Entry& entry : entries) {
    const auto fail = [&](Errc code, std::string_view why, std::string_view hint) {
      return make_error(code, fmt::format("{}:{}: {}", path, entry.line, why), std::string(hint));
    };
    const auto mac = parse_mac(entry.key);
    if (!mac) {
      return fail(Errc::bad_value, "not a device's address",
                  "write one line for each device: AA:BB:CC:DD:EE:FF: KEY");
    }
    std::optional<Bytes> key = from_hex(entry.value);
    if (!key || (key->size() != 16 && key->size() != 12)) {
      return fail(Errc::bad_value, "not a bind key",
                  "a key is 32 hex digits, or 24 for MiBeacon v2 and v3");
    }
    if (!keys.emplace(*mac, std::move(*key)).second) {
      return fail(Errc::duplicate_key, "this address has a key already", "remove one of the two");
    }
  }
  return keys;
}

namespace {

/// A field of a file; what it holds is never part of an error.
struct TextField {
  std::string_view key;
  std::string* value;
};

Result<void> fill(std::string_view text, const std::string& name,
                  std::span<const TextField> fields, std::string_view hint) {
  AIOT_TRY(const std::vector<Entry> entries, parse_yaml(text, name));
  for (const Entry& entry : entries) {
    const auto field = std::ranges::find(fields, entry.key, &TextField::key);
    if (field == fields.end()) {
      return make_error(Errc::unknown_key, fmt::format("{}:{}", name, entry.line),
                        std::string(hint));
    }
    *field->value = entry.value;
  }
  return {};
}

}  // namespace

Result<pair::WifiCredentials> parse_wifi(std::string_view text, const std::string& name) {
  pair::WifiCredentials wifi;
  std::string hidden;
  const std::array<TextField, 4> fields = {{{"ssid", &wifi.ssid},
                                            {"password", &wifi.password},
                                            {"security", &wifi.security},
                                            {"hidden", &hidden}}};
  AIOT_CHECK(fill(text, name, fields,
                  "write ssid: NAME, password: WORD, and perhaps security: wpa2 or hidden: true"));
  if (!hidden.empty() && hidden != "true" && hidden != "false") {
    return make_error(Errc::bad_value, name + ": hidden", "write true or false");
  }
  wifi.hidden = hidden == "true";
  return wifi;
}

Result<pair::Secrets> parse_device_secrets(std::string_view text, const std::string& name) {
  pair::Secrets secrets;
  const std::array<TextField, 4> fields = {{{"pop", &secrets.proof},
                                            {"username", &secrets.username},
                                            {"passkey", &secrets.passkey},
                                            {"token", &secrets.token}}};
  AIOT_CHECK(fill(text, name, fields,
                  "write pop: WORD, username: NAME, passkey: DIGITS or token: DIGITS"));
  return secrets;
}

Result<pair::WifiCredentials> read_wifi_file(const std::string& path) {
  AIOT_TRY(const std::string text, read_secret_file(path));
  return parse_wifi(text, path);
}

Result<pair::Secrets> read_device_secrets(const std::string& path) {
  AIOT_TRY(const std::string text, read_secret_file(path));
  return parse_device_secrets(text, path);
}

}  // namespace aiot::config
