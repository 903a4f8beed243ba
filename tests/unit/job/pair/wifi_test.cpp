#include <doctest/doctest.h>

#include "aiot/pair.hpp"
#include "provisioning/error.hpp"

using namespace aiot;
using namespace aiot::pair;

namespace {

/// The stable code of what is wrong; "" for nothing. Never what the text holds.
std::string wrong(std::string_view yaml) {
  const auto wifi = parse_wifi(yaml, "wifi.yaml");
  if (wifi) return "";
  const std::string text = wifi.error().message() + wifi.error().hint;
  CHECK(text.find("Tr0ub4dor") == std::string::npos);
  CHECK(text.find("wifi.yaml") != std::string::npos);
  return wifi.error().stable_code();
}

}  // namespace

TEST_CASE("pair: a Wi-Fi file") {
  const auto wifi = parse_wifi(
      "ssid: home\npassword: \"correct horse\"\nsecurity: wpa2\nhidden: true\n", "wifi.yaml");
  REQUIRE(wifi.has_value());
  CHECK(wifi->ssid == "home");
  CHECK(wifi->password == "correct horse");
  CHECK(wifi->security == "wpa2");
  CHECK(wifi->hidden);
  CHECK(wrong("ssid: home\n") == "");
  CHECK(wrong("ssid: home\nsecurity: open\n") == "");
  CHECK(wrong("ssid: home\npassword: 1234567\nsecurity: wpa3\n") == "");
  CHECK(wrong("ssid: home\npassword: " + std::string(64, 'f') + "\n") == "");

  CHECK(wrong("ssid: \"\"\npassword: Tr0ub4dor\n") == "pair.bad_wifi");
  CHECK(wrong("ssid: " + std::string(33, 's') + "\npassword: Tr0ub4dor\n") == "pair.bad_wifi");
  CHECK(wrong("ssid: home\npassword: Tr0ub4\n") == "pair.bad_wifi");
  CHECK(wrong("ssid: home\npassword: " + std::string(64, 'g') + "\n") == "pair.bad_wifi");
  CHECK(wrong("ssid: home\npassword: Tr0ub4dor\nsecurity: open\n") == "pair.bad_wifi");
  CHECK(wrong("ssid: home\npassword: Tr0ub4dor\nsecurity: wep\n") == "pair.bad_wifi");
  CHECK(wrong("ssid: home\nsecurity: wpa2\n") == "pair.bad_wifi");
  CHECK(wrong("ssid: home\npasword: Tr0ub4dor\n") == "config.unknown_key");
  CHECK(wrong("ssid: home\nhidden: Tr0ub4dor\n") == "config.bad_value");
}

TEST_CASE("pair: a file of secrets") {
  const auto secrets =
      parse_secrets("pop: abcd1234\nusername: wifiprov\npasskey: \"012345\"\ntoken: 0011\n", "s");
  REQUIRE(secrets.has_value());
  CHECK(secrets->proof == "abcd1234");
  CHECK(secrets->username == "wifiprov");
  CHECK(secrets->passkey == "012345");
  CHECK(secrets->token == "0011");
  const auto bad = parse_secrets("pop: abcd1234\nTr0ub4dor: x\n", "s");
  REQUIRE(!bad.has_value());
  CHECK(bad.error().message().find("s:2") != std::string::npos);
  CHECK(bad.error().message().find("Tr0ub4dor") == std::string::npos);
}
