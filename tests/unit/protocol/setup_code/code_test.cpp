#include "protocol/setup_code/code.hpp"

#include <doctest/doctest.h>

#include "provisioning/error.hpp"

using namespace aiot;
using namespace aiot::setup_code;

namespace {

template <class T>
T parsed(std::string_view text) {
  const Result<Code> code = parse(text);
  REQUIRE_MESSAGE(code.has_value(), text);
  REQUIRE(std::holds_alternative<T>(*code));
  CHECK(looks_like_code(text));
  return std::get<T>(*code);
}

bool is_bad(std::string_view text) {
  const Result<Code> code = parse(text);
  if (code) return false;
  const std::string message = code.error().message() + code.error().hint;
  // Whatever is wrong with it, it may be a secret.
  return code.error().code == provisioning::Errc::bad_code &&
         (text.size() < 12 || message.find(text.substr(5)) == std::string::npos);
}

}  // namespace

TEST_CASE("ESP: the JSON of the unified provisioning") {
  // ESP-IDF Programming Guide, "Unified Provisioning", QR code of the wifi_prov_mgr example.
  const Esp ble = parsed<Esp>(
      R"({"ver":"v1","name":"PROV_CE03C0","username":"wifiprov","pop":"abcd1234","transport":"ble"})");
  CHECK(ble.name == "PROV_CE03C0");
  CHECK(ble.username == "wifiprov");
  CHECK(ble.pop == "abcd1234");
  CHECK(ble.transport == "ble");
  const Esp softap = parsed<Esp>(
      R"({"ver":"v1","name":"PROV_1","transport":"softap","security":2,"password":"hidden","network":"wifi"})");
  CHECK(softap.security == "2");
  CHECK(softap.password == "hidden");
  CHECK(softap.network == "wifi");
  CHECK(label(Code(softap)) == "PROV_1");
  CHECK(secrets_of(Code(ble)).proof == "abcd1234");
  for (const char* bad :
       {R"({"ver":"v2","name":"a","transport":"ble"})", R"({"ver":"v1","transport":"ble"})",
        R"({"ver":"v1","name":"a","transport":"usb"})",
        R"({"ver":"v1","name":"a","pop":[1],"transport":"ble"})", R"({"ver":"v1")", "{}"}) {
    CAPTURE(bad);
    CHECK(is_bad(bad));
  }
}

TEST_CASE("DPP: the bootstrapping URI") {
  // Wi-Fi Easy Connect 3.0, 5.2.1, and the key of the peer in the transcript of wpa_supplicant.
  const std::string key =
      "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADM2206avxHJaHXgLMkq/24e0rsrfMP9K1Tm8gx+ovP0I=";
  const Dpp dpp = parsed<Dpp>("DPP:C:81/1,115/36;M:5254005828e5;I:SN=4774;V:2;H:192.168.4.1;K:" +
                              key + ";;");
  CHECK(dpp.channels == "81/1,115/36");
  CHECK(dpp.mac == "52:54:00:58:28:e5");
  CHECK(dpp.info == "SN=4774");
  CHECK(dpp.version == "2");
  CHECK(dpp.host == "192.168.4.1");
  CHECK(dpp.key.size() == 59);
  CHECK(label(Code(dpp)) == "52:54:00:58:28:e5");
  // Without a MAC the hash of the key tells devices apart.
  const Dpp bare = parsed<Dpp>("DPP:K:" + key + ";;");
  CHECK(label(Code(bare)).size() == 12);
  for (const std::string& bad :
       {std::string("DPP:"), std::string("DPP:;"), std::string("DPP:;;"), "DPP:K:" + key + ";",
        "DPP:K:" + key, std::string("DPP:K:!!!!;;"), "DPP:M:12;K:" + key + ";;",
        "DPP:KK:" + key + ";;"}) {
    CAPTURE(bad);
    CHECK(is_bad(bad));
  }
}

TEST_CASE("HomeKit: the payload of the label, and the digits") {
  // apple/HomeKitADK, Tools/SetupPayload: category 7, 518-08-582, 7OSX; over IP.
  // Category 2, 031-45-154, 7OSX is HAP-NodeJS's.
  const HomeKit nodejs = parsed<HomeKit>("X-HM://0023ISYWY7OSX");
  CHECK(nodejs.code == "031-45-154");
  CHECK(nodejs.category == 2);
  CHECK(nodejs.ip);
  CHECK(!nodejs.ble);
  CHECK(!nodejs.paired);
  CHECK(nodejs.setup_id == "7OSX");
  const HomeKit outlet = parsed<HomeKit>("X-HM://00522H1VM");
  CHECK(outlet.code == "031-45-154");
  CHECK(outlet.category == 5);
  CHECK(outlet.ip);
  CHECK(label(Code(outlet)).empty());
  const HomeKit typed = parsed<HomeKit>("031-45-154");
  CHECK(typed.code == "031-45-154");
  CHECK(typed.category == 0);
  for (const char* bad : {"X-HM://", "X-HM://00522H1V", "X-HM://00522H1VMA", "X-HM://00522h1vm",
                          "X-HM://ZZZZZZZZZ", "031-45-15x"}) {
    CAPTURE(bad);
    CHECK(is_bad(bad));
  }
}

TEST_CASE("Matter: base 38, and digits with their check digit") {
  // project-chip/connectedhomeip: the example applications' codes.
  const Matter qr = parsed<Matter>("MT:Y.K9042C00KA0648G00");
  CHECK(qr.vendor == 0xFFF1);
  CHECK(qr.product == 0x8000);
  CHECK(qr.discriminator == 3840);
  CHECK(qr.passcode == 20202021);
  CHECK(qr.flow == 0);
  CHECK(qr.discovery == 2);
  CHECK(label(Code(qr)) == "fff1-8000-3840");
  CHECK(secrets_of(Code(qr)).proof == "20202021");
  for (const char* same : {"34970112332", "3497-011-2332", "3497 011 2332"}) {
    const Matter manual = parsed<Matter>(same);
    CHECK(manual.manual);
    CHECK(manual.discriminator == 15);
    CHECK(manual.passcode == 20202021);
    CHECK(!manual.vendor);
  }
  for (const char* bad :
       {"34970112331", "35970112332", "00000000000", "MT:", "MT:Y.K9042C00KA0648G0",
        "MT:Y.K9042C00KA0648G0_", "MT:Y.K9042C00KA0648G00*Y.K9042C00KA0648G00", "MT:ZZZZZZZZZZZZ",
        "MT:-------------------"}) {
    CAPTURE(bad);
    CHECK(is_bad(bad));
  }
}

TEST_CASE("Matter: every wrong digit and every swap of neighbours is noticed") {
  const std::string good = "34970112332";
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      std::string wrong = good;
      wrong[i] = digit;
      CHECK(parse_matter(wrong).has_value() == (wrong == good));
    }
    if (i == 0 || good[i] == good[i - 1]) continue;
    std::string swapped = good;
    std::swap(swapped[i], swapped[i - 1]);
    CHECK(!parse_matter(swapped));
  }
}

TEST_CASE("Wi-Fi: escapes, and what each security means") {
  const Wifi plain = parsed<Wifi>(R"(WIFI:T:WPA;S:my\;net\\work\:;P:pass\,\"word;H:true;;)");
  CHECK(plain.credentials.ssid == R"(my;net\work:)");
  CHECK(plain.credentials.password == R"(pass,"word)");
  CHECK(plain.credentials.security.empty());
  CHECK(plain.credentials.hidden);
  CHECK(parsed<Wifi>("WIFI:S:home;T:SAE;P:x;;").credentials.security == "wpa3");
  CHECK(parsed<Wifi>("WIFI:S:home;T:nopass;;").credentials.security == "open");
  CHECK(parsed<Wifi>("WIFI:S:home;;").credentials.security == "open");
  for (const char* bad : {"WIFI:", "WIFI:S:home;", "WIFI:T:WPA;P:x;;", "WIFI:S:home;T:WEP;P:x;;",
                          "WIFI:S:home\\", "WIFI:S;;"}) {
    CAPTURE(bad);
    CHECK(is_bad(bad));
  }
}

TEST_CASE("no address looks like a code") {
  for (const char* address :
       {"http://192.168.4.1", "ble:AA:BB:CC:DD:EE:FF", "/dev/ttyUSB0", "serial:/dev/ttyUSB0",
        "miio://192.168.1.7", "matter:34970112332", "usb:303a:1001"}) {
    CHECK(!looks_like_code(address));
    CHECK(is_bad(address));
  }
  CHECK(is_bad(std::string(5000, '{')));
  CHECK(is_bad("DPP:\xFF;;"));
}
