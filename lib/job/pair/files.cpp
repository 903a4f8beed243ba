#include <algorithm>
#include <array>

#include "aiot/pair.hpp"
#include "config/secrets.hpp"
#include "provisioning/error.hpp"

namespace aiot::pair {
namespace {

constexpr std::array<std::string_view, 5> securities = {"", "open", "wpa2", "wpa3", "wpa2/wpa3"};

Error bad_wifi(std::string why, std::string hint) {
  return make_error(provisioning::Errc::bad_wifi, std::move(why), std::move(hint));
}

bool is_hex_key(const std::string& password) {
  return password.size() == 64 && password.find_first_not_of("0123456789abcdefABCDEF") ==
                                      std::string::npos;
}

}  // namespace

Result<void> check_wifi(const WifiCredentials& wifi) {
  if (wifi.ssid.empty() || wifi.ssid.size() > 32 || wifi.ssid.find('\0') != std::string::npos) {
    return bad_wifi("the name has not 1 to 32 bytes", "give the network's name as it is announced");
  }
  if (std::ranges::find(securities, wifi.security) == securities.end()) {
    return bad_wifi("unknown security", "use open, wpa2, wpa3 or wpa2/wpa3, or leave it out");
  }
  const std::size_t size = wifi.password.size();
  if (wifi.security == "open" && size != 0) {
    return bad_wifi("an open network has no password", "leave the password out");
  }
  if (size == 0) {
    if (wifi.security.empty() || wifi.security == "open") return {};
    return bad_wifi("the password is missing", "give it, or say security: open");
  }
  // SAE alone sets no lower bound.
  const std::size_t least = wifi.security == "wpa3" ? 1 : 8;
  if ((size < least || size > 63) && !is_hex_key(wifi.password)) {
    return bad_wifi("the password has not 8 to 63 characters, nor 64 hexadecimal digits",
                    "check the password");
  }
  return {};
}

Result<WifiCredentials> parse_wifi(std::string_view text, const std::string& name) {
  AIOT_TRY(WifiCredentials wifi, config::parse_wifi(text, name));
  AIOT_CHECK(check_wifi(wifi).with(name));
  return wifi;
}

Result<WifiCredentials> read_wifi_file(const std::string& path) {
  AIOT_TRY(WifiCredentials wifi, config::read_wifi_file(path));
  AIOT_CHECK(check_wifi(wifi).with(path));
  return wifi;
}

Result<Secrets> parse_secrets(std::string_view text, const std::string& name) {
  return config::parse_device_secrets(text, name);
}

Result<Secrets> read_secret_file(const std::string& path) {
  return config::read_device_secrets(path);
}

}  // namespace aiot::pair
