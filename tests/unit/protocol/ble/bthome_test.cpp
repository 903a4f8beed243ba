#include <doctest/doctest.h>

#include "protocol/ble/bthome.hpp"
#include "protocol/ble/advert.hpp"
#include "vectors.hpp"

using namespace aiot;
using namespace aiot::ble;
using bthome::parse_frame;
using bthome::parse_objects;

namespace {

constexpr const char* key = "231d39c1d7cc1ab1aee224cd096db932";
const DeviceAddress sender = {0x54, 0x48, 0xE6, 0x8F, 0x80, 0xA5};

std::string code_of(std::uint32_t service, std::string_view hex) {
  const Bytes data = *from_hex(hex);
  const auto frame = parse_frame(Uuid::of(service), data);
  return frame ? "" : frame.error().stable_code();
}

std::string objects_of(int version, std::string_view hex) {
  const Bytes payload = *from_hex(hex);
  const auto objects = parse_objects(version, payload);
  return test::show(objects.readings) + (objects.complete ? "" : " …");
}

}  // namespace

TEST_CASE("published adverts say what their receivers were told") {
  for (const std::string& line : test::vector_lines("bthome.txt")) {
    CAPTURE(line);
    std::istringstream words(line);
    std::string service, data, address, bind_key, expected;
    words >> service >> data >> address >> bind_key;
    std::getline(words >> std::ws, expected);
    const Bytes bytes = *from_hex(data);
    const auto frame = parse_frame(*Uuid::parse(service), bytes);
    REQUIRE(frame.has_value());
    Bytes payload(frame->payload.begin(), frame->payload.end());
    CHECK(frame->encrypted == (bind_key != "-"));
    if (frame->encrypted) {
      auto plain = bthome::open(*frame, *parse_mac(address), test::key_of(bind_key));
      REQUIRE(plain.has_value());
      payload = std::move(*plain);
    }
    auto objects = parse_objects(frame->version, payload);
    if (objects.packet_id) objects.readings.push_back({"packet_id", int{*objects.packet_id}});
    CHECK(test::show(objects.readings) == expected);
  }
}

// bthome.io/encryption: the plain text 02CA0903BF13 of 54:48:E6:8F:80:A5.
TEST_CASE("the published encryption example, and what is changed in it") {
  const Bytes data = *from_hex("41a47266c95f730011223378237214");
  const auto frame = parse_frame(Uuid::of(0xFCD2), data);
  REQUIRE(frame.has_value());
  CHECK(frame->counter() == 0x33221100);
  CHECK(to_hex(*bthome::open(*frame, sender, test::key_of(key))) == "02ca0903bf13");

  DeviceAddress other = sender;
  other[5] ^= 1;
  CHECK(bthome::open(*frame, other, test::key_of(key)).error().code == Errc::wrong_key);
  const auto wrong = bthome::open(*frame, sender, test::key_of("814aac74c4f17b6c1581e1ab87816b99"));
  CHECK(wrong.error().code == Errc::wrong_key);
  CHECK(wrong.error().condition() == Condition::refused_security);
  for (std::size_t i = 0; i < data.size(); ++i) {
    CAPTURE(i);
    Bytes changed = data;
    changed[i] ^= i == 0 ? 4 : 1;  // the first byte stays one that asks for a key
    const auto again = parse_frame(Uuid::of(0xFCD2), changed);
    REQUIRE(again.has_value());
    CHECK_FALSE(bthome::open(*again, sender, test::key_of(key)).has_value());
  }
}

TEST_CASE("a plain frame has nothing to open") {
  const Bytes data = *from_hex("4002ca0903bf13");
  CHECK(
      bthome::open(*parse_frame(Uuid::of(0xFCD2), data), sender, test::key_of(key)).error().code ==
      Errc::bad_format);
}

TEST_CASE("the first byte of version 2") {
  const Bytes event = *from_hex("4404138a01");
  CHECK(parse_frame(Uuid::of(0xFCD2), event)->on_event);
  const Bytes addressed = *from_hex("42b2188d38c1a404138a01");
  CHECK(address_text(*parse_frame(Uuid::of(0xFCD2), addressed)->address) == "A4:C1:38:8D:18:B2");
  CHECK(code_of(0xFCD2, "") == "ble.truncated");
  CHECK(code_of(0xFCD2, "00") == "ble.version");
  CHECK(code_of(0xFCD2, "e102000c0404138a01") == "ble.version");
  CHECK(code_of(0xFCD2, "42b2188d38c1") == "ble.truncated");
  CHECK(code_of(0xFCD2, "41ba0db07aeef6") == "ble.truncated");
  CHECK(code_of(0x181E, "00112233445566") == "ble.truncated");
  CHECK(code_of(0xFE95, "40") == "ble.format");
}

// bthome.io/format, device information.
TEST_CASE("device type and firmware version") {
  CHECK(objects_of(2, "F00100") == "device_type=1");
  CHECK(objects_of(2, "F100010204") == "firmware_version=4.2.1.0");
  CHECK(objects_of(2, "F2000106") == "firmware_version=6.1.0");
}

TEST_CASE("what is not understood ends the reading, what came before stays") {
  CHECK(objects_of(2, "015dfe5d0903b718") == "battery_percent=93 …");
  CHECK(objects_of(2, "02ca0903bf") == "temperature_celsius=25.06 …");
  CHECK(objects_of(2, "feca09") == " …");
  CHECK(objects_of(2, "53") == " …");
  CHECK(objects_of(2, "5305486c") == " …");
  CHECK(objects_of(2, "5300") == "text=");
  CHECK(objects_of(2, "530187") == "text=\x87");
  CHECK(objects_of(2, "3afe") == "");  // an event that is not known
  // Version 1 tells lengths: the next object is read.
  CHECK(objects_of(1, "02fe01 02015d") == "battery_percent=93 …");
  CHECK(objects_of(1, "0a01ffffffffffffffffff 02015d") == "battery_percent=93 …");
  CHECK(objects_of(1, "0404138a") == " …");
  CHECK(objects_of(1, "00 0101 02015d") == "battery_percent=93");
  CHECK(objects_of(1, "4301003c") == "battery_percent=1");
  CHECK(objects_of(1, "44010000 00 02015d") == "battery_percent=93 …");
}

TEST_CASE("every cut of an advert is read without a crash") {
  const Bytes data = *from_hex("40 00a7 015d 02ca09 03bf13 530448656c6c 3c0103");
  for (std::size_t size = 0; size < data.size(); ++size) {
    const auto frame = parse_frame(Uuid::of(0xFCD2), ByteSpan(data).first(size));
    if (frame) parse_objects(2, frame->payload);
  }
}
