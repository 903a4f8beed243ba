#include "protocol/alibaba/softap.hpp"

#include <doctest/doctest.h>

#include "protocol/alibaba/genie.hpp"

using namespace aiot;
using namespace aiot::alibaba;

namespace {

const Nonce nonce{"00112233445566778899aabbccddeeff"};

SoftApOptions options_with(std::string_view fault = {}) {
  SoftApOptions out;
  out.wifi = {"home", "secret-pass", "", false};
  if (!fault.empty()) out.faults.push_back(*provisioning::parse_fault(fault));
  return out;
}

std::string sent_to(SoftApDevice& device, const provisioning::WifiCredentials& wifi,
                    std::string_view secret = {}) {
  const auto reply = device.answer(switch_path, switch_request(7, wifi, nonce, secret));
  if (!reply) return "silence";
  const Result<DeviceInfo> info = parse_switch_reply(*reply);
  if (info) return info->product_key + " " + info->mac;
  return info.error().stable_code() + " " + info.error().context;
}

}  // namespace

// Encrypted by OpenSSL's enc with the key that awss_security.c of espressif/esp-ali-smartliving
// makes: SHA-256 of the nonce's text, its first 16 bytes.
TEST_CASE("a password of security 2.0 ends in zeros, not in padding") {
  CHECK(seal_password("secret-pass", nonce, "") == "0d1c3124de0716cc3ea2a4c44c586175");
  CHECK(open_password("0d1c3124de0716cc3ea2a4c44c586175", nonce, "") == "secret-pass");
  CHECK(seal_password("", nonce, "").empty());
  CHECK(open_password("", nonce, "") == "");
  for (const std::size_t size : {1U, 15U, 16U, 17U, 63U}) {
    const std::string password(size, 'p');
    const std::string sealed = seal_password(password, nonce, "secret");
    CHECK(sealed.size() == (size + 15) / 16 * 32);
    CHECK(open_password(sealed, nonce, "secret") == password);
    CHECK(open_password(sealed, nonce, "") != password);
  }
  CHECK(!open_password("0d1c", nonce, ""));
  CHECK(!open_password(std::string(512, '0'), nonce, ""));
  CHECK(!open_password("0d1c3124de0716cc3ea2a4c44c586175", Nonce{"0011"}, ""));
}

TEST_CASE("a nonce has decimal digits only") {
  const Nonce made = Nonce::from(Bytes(32, 0xFF));
  CHECK(made.text == std::string(32, '5'));
  CHECK(Nonce::from({}).text.size() == 32);
}

TEST_CASE("the request as the SDK's parser reads it") {
  CHECK(switch_request(7, {"home", "secret-pass", "", false}, nonce, "") ==
        R"({"id":"7","version":"1.0","method":"awss.device.softap.switchap","params":)"
        R"({"ssid":"home","passwd":"0d1c3124de0716cc3ea2a4c44c586175",)"
        R"("random":"00112233445566778899aabbccddeeff","security":"2.0"}})");
  const std::string quoted = switch_request(7, {"my \"home\"", "", "", false}, nonce, "s");
  CHECK(quoted.find(R"("xssid":"6d792022686f6d6522")") != std::string::npos);
  CHECK(quoted.find("security") == std::string::npos);
}

TEST_CASE("the virtual device takes credentials, joins, and says why it did not") {
  SoftApDevice device(options_with());
  CHECK(!device.answer(info_path, info_request(1)));
  CHECK(sent_to(device, {"home", "secret-word", "", false}) == "a1B2c3D4e5F B0:F8:93:00:00:01");
  device.try_to_join();
  CHECK(device.has_failed());
  const auto errcode = device.answer(errcode_path, errcode_request(2));
  REQUIRE(errcode);
  CHECK((*parse_errcode(*errcode)) == 0xC402);
  CHECK(!device.answer(info_path, info_request(1)));
  sent_to(device, {"home", "secret-pass", "", false});
  device.try_to_join();
  CHECK(device.ssid() == "home");
  const auto info = device.answer(info_path, info_request(3));
  REQUIRE(info);
  CHECK((*parse_device_info(*info)).device_name == "virtual-genie");
  CHECK(!device.answer(errcode_path, errcode_request(4)));
}

TEST_CASE("names in hexadecimal digits, product secrets, and refusals") {
  SoftApOptions options;
  options.product_secret = "product";
  SoftApDevice device(options);
  CHECK(sent_to(device, {"my \"home\"", "secret-pass", "", false}, "product") ==
        "a1B2c3D4e5F B0:F8:93:00:00:01");
  device.try_to_join();
  CHECK(device.ssid() == "my \"home\"");
  SoftApDevice other(options);
  const auto code = [&](std::string_view params) {
    const auto reply =
        other.answer(switch_path, R"({"id":"1","params":)" + std::string(params) + "}");
    return parse_switch_reply(*reply).error().context;
  };
  CHECK(code("1") == "code -1");
  CHECK(code(R"({"ssid":""})") == "code -1");
  CHECK(code(R"({"ssid":"a","random":"00"})") == "code -4");
  CHECK(code(R"({"ssid":"a","random":"00112233445566778899aabbccddeeff","passwd":"0"})") ==
        "code -3");
  CHECK(other.answer(switch_path, "}{").has_value());
}

TEST_CASE("faults") {
  for (const char* const fault :
       {"silent@connected", "silent@credentials_sent", "drop@found", "wrong-state"}) {
    SoftApDevice device(options_with(fault));
    CHECK(sent_to(device, {"home", "secret-pass", "", false}) == "silence");
  }
  SoftApDevice garbage(options_with("garbage@credentials_sent"));
  CHECK(sent_to(garbage, {"home", "secret-pass", "", false}).starts_with("alibaba.bad_content"));
  for (const char* const fault : {"refuse-password", "no-network", "no-address"}) {
    SoftApDevice device(options_with(fault));
    sent_to(device, {"home", "secret-pass", "", false});
    device.try_to_join();
    CHECK(device.has_failed());
  }
}

TEST_CASE("error codes") {
  CHECK(!parse_errcode("{}"));
  CHECK(!parse_errcode(R"({"code":200,"data":{}})"));
  CHECK((*parse_errcode(R"({"id":1,"code":200,"data":{"code":1003}})")) == 1003);
}

// A device's label (product 2628, its MAC and its secret) and the value that provisioned it.
TEST_CASE("Tmall Genie's static OOB") {
  const std::array<std::uint8_t, 6> mac = {0x10, 0x9e, 0x3a, 0x23, 0x71, 0x0b};
  CHECK(to_hex(genie_static_oob(0xa44, mac, "d387e7ecbee20d930055fb53f6a96c2a")) ==
        "ca99038c2ba3cc2fff5d24b7e2d13441");
  // Newer devices: the same text with a random number behind it.
  CHECK(to_hex(genie_static_oob(0xa44, mac, "d387e7ecbee20d930055fb53f6a96c2a", "00")) !=
        "ca99038c2ba3cc2fff5d24b7e2d13441");
}

TEST_CASE("Tmall Genie's mesh UUID") {
  const GenieUuid device{0xa44, {0x10, 0x9e, 0x3a, 0x23, 0x71, 0x0b}, 2};
  const auto uuid = genie_uuid(device);
  CHECK(to_hex(uuid) == "a80171440a00000b71233a9e10020000");
  const auto parsed = parse_genie_uuid(uuid);
  REQUIRE(parsed);
  CHECK(parsed->product_id == 0xa44);
  CHECK(parsed->mac == device.mac);
  CHECK(parsed->flags == 2);
  CHECK(!parse_genie_uuid(Bytes(16, 0)));
  CHECK(!parse_genie_uuid(ByteSpan(uuid).first(15)));
}
