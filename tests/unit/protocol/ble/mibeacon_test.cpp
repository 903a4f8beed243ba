#include <doctest/doctest.h>

#include "protocol/ble/advert.hpp"
#include "protocol/ble/mibeacon.hpp"
#include "protocol/ble/mibeacon_tables.hpp"
#include "vectors.hpp"

using namespace aiot;
using namespace aiot::ble;
using mibeacon::parse_frame;
using mibeacon::parse_objects;

namespace {

std::string objects_of(std::string_view hex, std::uint16_t product = 0) {
  const Bytes payload = *from_hex(hex);
  const auto objects = parse_objects(product, payload);
  return test::show(objects.readings) + (objects.complete ? "" : " …");
}

/// What a key makes of an advert: the objects' hex, or the error's code.
std::string opened(std::string_view hex, std::string_view address, std::string_view key) {
  const Bytes data = *from_hex(hex);
  const auto frame = parse_frame(data);
  REQUIRE(frame.has_value());
  const auto plain = open(*frame, *parse_mac(address), *from_hex(key));
  return plain ? to_hex(plain->objects) : plain.error().stable_code();
}

}  // namespace

TEST_CASE("published adverts say what their receivers were told") {
  for (const std::string& line : test::vector_lines("mibeacon.txt")) {
    CAPTURE(line);
    std::istringstream words(line);
    std::string data, address, key, model, expected;
    words >> data >> address >> key >> model;
    std::getline(words >> std::ws, expected);
    const Bytes bytes = *from_hex(data);
    const auto frame = parse_frame(bytes);
    REQUIRE(frame.has_value());
    CHECK(mibeacon::model_of(frame->product) == model);
    CHECK(frame->encrypted == (key != "-"));
    Bytes payload(frame->payload.begin(), frame->payload.end());
    if (frame->encrypted) {
      auto plain = open(*frame, *parse_mac(address), *from_hex(key));
      REQUIRE(plain.has_value());
      CHECK(plain->verified == (frame->version >= 4));
      payload = std::move(plain->objects);
    }
    const auto objects = parse_objects(frame->product, payload);
    CHECK(objects.complete);
    CHECK(test::show(objects.readings) == expected);
  }
}

// The same suite: test_Xiaomi_CGDK2, and a key that is another device's.
TEST_CASE("a wrong key, a changed byte and another sender are refused") {
  const char* data = "58586f0607892012342d585f176dd54f0200002fa453fa";
  const char* key = "a3bfe9853dd85a620debe3620caaa351";
  CHECK(opened(data, "58:2D:34:12:20:89", key) == "041002e200");
  CHECK(opened(data, "58:2D:34:12:20:89", "814aac74c4f17b6c1581e1ab87816b99") == "ble.wrong_key");
  const Bytes good = *from_hex(data);
  for (std::size_t i = 2; i < good.size(); ++i) {
    CAPTURE(i);
    Bytes changed = good;
    changed[i] ^= 1;
    CHECK(opened(to_hex(changed), "58:2D:34:12:20:89", key) == "ble.wrong_key");
  }
  // A frame without an address is its sender's.
  const char* short_data = "4859b5553a8699bda053448f1200005b046d6a";
  const char* short_key = "4d8f1373fb4d3bab557d0ebd1c78f8c4";
  CHECK(opened(short_data, "A4:C1:38:80:15:07", short_key) != "ble.wrong_key");
  CHECK(opened(short_data, "A4:C1:38:80:15:08", short_key) == "ble.wrong_key");
}

// The same suite: test_Xiaomi_YLKG07YL_press and test_bindkey_wrong_legacy.
TEST_CASE("versions 2 and 3 have no tag: noise tells the wrong key") {
  const char* data = "5830b603d28b98c54124f8c3491476757e00000099";
  CHECK(opened(data, "F8:24:41:C5:98:8B", "b853075158487ca39a5b5ea9") == "011003000103");
  CHECK(opened(data, "F8:24:41:C5:98:8B", "b853075158487aa39a5b5ea9") == "ble.wrong_key");
  const Bytes bytes = *from_hex(data);
  CHECK_FALSE(open(*parse_frame(bytes), *parse_mac("F8:24:41:C5:98:8B"),
                   *from_hex("b853075158487ca39a5b5ea9"))
                  ->verified);
}

TEST_CASE("a key of another length is wrong, and the hint says which is right") {
  const Bytes data = *from_hex("58586f0607892012342d585f176dd54f0200002fa453fa");
  const auto result = open(*parse_frame(data), {}, *from_hex("b853075158487ca39a5b5ea9"));
  CHECK(result.error().code == Errc::wrong_key);
  CHECK(result.error().hint.find("32 hex digits") != std::string::npos);
}

// Found by the fuzzer: encrypted, and without objects.
TEST_CASE("a frame that says it is encrypted and holds nothing") {
  CHECK(opened("0858aa01a3", "58:2D:34:12:20:89", "a3bfe9853dd85a620debe3620caaa351") ==
        "ble.format");
  CHECK(opened("0830b603d2", "F8:24:41:C5:98:8B", "b853075158487ca39a5b5ea9") == "ble.format");
}

// The same suite: test_Xiaomi_ESM787_discovery, test_blank_advertisements_then_encrypted.
TEST_CASE("the frame's header") {
  const Bytes discovery = *from_hex("1059db780df4f80238c1a4");
  const auto frame = parse_frame(discovery);
  REQUIRE(frame.has_value());
  CHECK(frame->version == 5);
  CHECK(frame->product == 0x78DB);
  CHECK(frame->counter == 0x0D);
  CHECK(address_text(*frame->address) == "A4:C1:38:02:F8:F4");
  CHECK(frame->registered);
  CHECK_FALSE(frame->has_objects);
  CHECK_FALSE(frame->encrypted);

  const Bytes blank = *from_hex("30585b0502483cd438c1a408");
  CHECK(parse_frame(blank)->capability == 8);
  CHECK_FALSE(parse_frame(blank)->has_objects);

  const Bytes counted = *from_hex("58586f0607892012342d585f176dd54f0200002fa453fa");
  CHECK(parse_frame(counted)->whole_counter() == 0x207);
  CHECK(parse_frame(counted)->counter_bits() == 32);
  const Bytes scale = *from_hex("4859d53b0bd6ef0b25db72785e7e2f46d6000000d8642df6");
  CHECK(parse_frame(scale)->whole_counter() == 0x0B);
  CHECK(parse_frame(scale)->counter_bits() == 8);
}

TEST_CASE("headers that are none") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "ble.truncated"},
      {"5020aa01", "ble.truncated"},
      {"5010aa01a3", "ble.version"},
      {"5060aa01a3", "ble.version"},
      {"5020aa01a3bf", "ble.truncated"},
      {"2050aa01a3", "ble.truncated"},
      {"2050aa01a320", "ble.truncated"},
      {"4858aa01a3000000000000", "ble.truncated"},
  };
  for (const auto& [hex, code] : cases) {
    CAPTURE(hex);
    const Bytes data = *from_hex(hex);
    CHECK(parse_frame(data).error().stable_code() == code);
  }
}

TEST_CASE("objects that are unknown, cut or of another length keep their bytes") {
  CHECK(objects_of("ffee021234") == "object_eeff=1234");
  CHECK(objects_of("04100112") == "object_1004=12");
  CHECK(objects_of("0a10013b 04") == "battery_percent=59 …");
  CHECK(objects_of("0a10013b 041002b4") == "battery_percent=59 …");
  CHECK(objects_of("041002f6ff") == "temperature_celsius=-1");
  CHECK(objects_of("07000109") == "object_0007=09");
  CHECK(objects_of("0c4a00 0d4a0101") == "button=press;button_2=double_press;button_id=1");
  CHECK(objects_of("014804 0000807f") == "");  // an infinite temperature
}

// Bluetooth-Devices/xiaomi-ble, src/xiaomi_ble/parser.py and tests/test_parser.py (test_Xiaomi_K9B,
// test_Xiaomi_SJWS02LM_water_state); custom-components/ble_monitor, ble_parser/xiaomi.py.
TEST_CASE("objects of single products") {
  const auto of = [](std::uint16_t product, std::string_view hex) {
    return test::show(parse_objects(product, *from_hex(hex)).readings);
  };
  // On the wall switches 1 is a long press and 2 a double one; elsewhere the other way round.
  CHECK(of(0x1568, "011003000000") == "button=press;button_id=0");
  CHECK(of(0x1568, "011003000001") == "button=long_press;button_id=0");
  CHECK(of(0x1569, "011003020002") == "button=double_press;button_id=2");
  CHECK(of(0x0DFD, "011003010001") == "button=long_press;button_id=1");
  CHECK(of(0x07BF, "011003000001") == "button=double_press;button_id=0");
  CHECK(of(0x6375, "684a0100") == "moisture=true");
  CHECK(of(0x6375, "684a0101") == "moisture=false");
  CHECK(of(0x6375, "684a0102") == "top_splash=true");
  CHECK(of(0x6375, "684a0103") == "top_splash=false");
  CHECK(of(0x6375, "684a0104") == "object_4a68=04");
  CHECK(of(0, "03540164") == "battery_percent=100");
  CHECK(of(0, "165a0101") == "bed_occupancy=true");
  CHECK(of(0, "165a0102") == "bed_occupancy=false");
  CHECK(of(0, "165a0103") == "button=double_press");
  CHECK(of(0, "165a0100") == "object_5a16=00");
}

TEST_CASE("every cut of an advert is read without a crash") {
  for (const char* hex : {"5020aa01a3bf2e3b342d580d1004b40095020a10013b",
                          "58586f0607892012342d585f176dd54f0200002fa453fa",
                          "5830b603d28b98c54124f8c3491476757e00000099"}) {
    const Bytes data = *from_hex(hex);
    for (std::size_t size = 0; size < data.size(); ++size) {
      const auto frame = parse_frame(ByteSpan(data).first(size));
      if (!frame) continue;
      parse_objects(frame->product, frame->payload);
      if (frame->encrypted && frame->has_objects) {
        CHECK_FALSE(open(*frame, {}, *from_hex("00112233445566778899aabbccddeeff")).has_value());
      }
    }
  }
}
