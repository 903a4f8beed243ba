#include <doctest/doctest.h>

#include "protocol/ble/atc.hpp"
#include "protocol/ble/advert.hpp"
#include "vectors.hpp"

using namespace aiot;
using namespace aiot::ble;

namespace {

/// "form, counter: readings" of service data that is not encrypted; "" for what is another's.
std::string told(std::string_view hex, std::string_view sender) {
  const Bytes data = *from_hex(hex);
  const auto frame = atc::parse_frame(data, *parse_mac(sender), false);
  if (!frame) return {};
  REQUIRE_FALSE(frame->encrypted());
  return fmt::format("{}, {}: {}", atc::form_text(frame->form), frame->counter,
                     test::show(atc::readings(frame->form, frame->payload)));
}

}  // namespace

// custom-components/ble_monitor, test/test_atc_parser.py.
TEST_CASE("the plain adverts of ATC firmwares") {
  CHECK(told("a4c1380283f400a22f5f0bf819", "A4:C1:38:02:83:F4") ==
        "atc1441, 25: battery_percent=95;humidity_percent=47;temperature_celsius=16.2;"
        "voltage_volt=3.064");
  CHECK(told("A4C138BC7C4E0102284F0B6720", "A4:C1:38:BC:7C:4E") ==
        "atc1441, 32: battery_percent=79;humidity_percent=40;temperature_celsius=25.8;"
        "voltage_volt=2.919");
  CHECK(told("f4830238c1a4a9066911b60b58f70d", "A4:C1:38:02:83:F4") ==
        "pvvx, 247: battery_percent=88;humidity_percent=44.57;temperature_celsius=17.05;"
        "voltage_volt=2.998");
  CHECK(told("B2188D38C1A42B089011F70A43200F", "A4:C1:38:8D:18:B2") ==
        "pvvx, 32: battery_percent=67;humidity_percent=44.96;temperature_celsius=20.91;"
        "voltage_volt=2.807");
  CHECK(told("8B376338C1A4CE0913107F0B521204", "A4:C1:38:63:37:8B") ==
        "pvvx, 18: battery_percent=82;humidity_percent=41.15;temperature_celsius=25.1;"
        "voltage_volt=2.943");
}

TEST_CASE("other devices send environmental data of these lengths too") {
  CHECK(told("a4c1380283f400a22f5f0bf819", "A4:C1:38:02:83:F5").empty());
  CHECK(told("f4830238c1a4a9066911b60b58f70d", "A4:C1:38:02:83:F5").empty());
  CHECK(told("a4c1380283f400a22f5f0bf8", "A4:C1:38:02:83:F4").empty());
  const Bytes sealed = *from_hex("11d603fbfa7b6dfb1e26fd");
  CHECK_FALSE(atc::parse_frame(sealed, *parse_mac("54:48:E6:8F:80:A5"), false));
  CHECK(atc::parse_frame(sealed, *parse_mac("54:48:E6:8F:80:A5"), true));
}

// The same: test_atc_custom_encrypted.
TEST_CASE("an encrypted advert of pvvx's firmware") {
  const Bytes data = *from_hex("11d603fbfa7b6dfb1e26fd");
  const DeviceAddress sender = *parse_mac("A4:C1:38:8D:18:B2");
  const auto frame = atc::parse_frame(data, sender, false);
  REQUIRE(frame);
  CHECK(frame->encrypted());
  CHECK(frame->counter == 17);
  const auto values = open(*frame, sender, *from_hex("b9ea895fac7eea6d30532432a516f3a3"));
  REQUIRE(values.has_value());
  CHECK(test::show(atc::readings(frame->form, *values)) ==
        "battery_percent=61;humidity_percent=41.73;temperature_celsius=23.45");
  const auto wrong = open(*frame, sender, *from_hex("b9ea895fac7eea6d30532432a516f3a4"));
  CHECK(wrong.error().code == Errc::wrong_key);
  CHECK(open(*frame, sender, *from_hex("b9ea895fac7e")).error().code == Errc::wrong_key);
  for (std::size_t i = 0; i < data.size(); ++i) {
    CAPTURE(i);
    Bytes changed = data;
    changed[i] ^= 1;
    const auto other = atc::parse_frame(changed, sender, false);
    CHECK(open(*other, sender, *from_hex("b9ea895fac7eea6d30532432a516f3a3")).error().code ==
          Errc::wrong_key);
  }
}

TEST_CASE("what is too short holds no readings") {
  for (const auto form :
       {atc::Form::atc, atc::Form::atc_encrypted, atc::Form::pvvx, atc::Form::pvvx_encrypted}) {
    CHECK(atc::readings(form, *from_hex("0102")).empty());
  }
  // Freezing, in both byte orders and in half degrees from -40.
  CHECK(test::show(atc::readings(atc::Form::atc, *from_hex("ffce0000000000"))) ==
        "battery_percent=0;humidity_percent=0;temperature_celsius=-5;voltage_volt=0");
  CHECK(test::show(atc::readings(atc::Form::atc_encrypted, *from_hex("46c8e4"))) ==
        "battery_percent=100;humidity_percent=100;temperature_celsius=-5");
}
