#include "protocol/tuya/packet.hpp"

#include <doctest/doctest.h>

#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::tuya;

namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }

/// Captured from a heat pump, PC-SLP090N: tests of pysilverline (test_discovery.py).
constexpr const char* heat_pump =
    "000055aa00000000000000130000009c000000006f02543bfe9d2ab4a04bf16f8867c44c9969edaf006b881dc7e3e0"
    "702c06fb879717e14e4c8fab8bc25f0ab1242cba941a7bcb75ef5bb8eb330ad344dd0b106868c2c8903dec4bff0294"
    "046f69a2112cb14d42dae779bd097a67839861716672dad090fa96230f965190ab4e70ed4f7f61a87e102e9488471c"
    "99fadeba005d13bcc651832dd9b60158654b01a12a9a520237a3fb0000aa55";
/// Made by tinytuya, in the form of a 3.5 device's capture: tests of a C# hub
/// (TuyaUdpPacketDecoderTests.cs, "golden vector").
constexpr const char* gcm =
    "0000669900000000000000000000000000e53031323334353637383961627f0e8c5c409ea2eaa8b6c4436693f73331"
    "3ecd36aeaada5e4d17a3aa76a342835d5f8ca76a306c7440c16a59168cefa4add15ee8d10429afc776e7b02f2a0090"
    "261d8074eb2b1df5db8f3a10c3c760bce32294892f6fc11728c66a014cf67ea646a0e4524c5f13fd82daa7183e19a9"
    "d64d266f7eb16f00f67ae57fef02f8062524e51cdef46056421428db8e1296e580fb17d669e45a0feb10c4e6ab890c"
    "8225bb89e2a4970abee244791edcc5eab277496caf6904e542de7ff8a1e199219646f495969befa988dda37d673e30"
    "0873f88f216f3403c5555db100009966";

std::string id_in(std::string_view packet) {
  const Result<Packet> decoded = decode_broadcast(hex(packet));
  if (!decoded) return decoded.error().stable_code();
  const Result<Announcement> said = parse_announcement(decoded->text);
  return said ? said->device_id + " " + said->ip + " " + said->product_key + " " + said->version
              : said.error().stable_code();
}

}  // namespace

TEST_CASE("captured announcements of 3.3 devices") {
  CHECK(id_in(heat_pump) == "bf90769136c9ac3653oqwj 10.2.1.98 3bhylhz5zhogklel 3.3");
  const Result<Packet> packet = decode_broadcast(hex(heat_pump));
  REQUIRE(packet);
  CHECK(packet->command == 0x13);
  CHECK(packet->sequence == 0);
  CHECK(packet->text ==
        R"({"ip":"10.2.1.98","gwId":"bf90769136c9ac3653oqwj","active":2,"ablilty":0,)"
        R"("encrypt":true,"productKey":"3bhylhz5zhogklel","version":"3.3"})");
  CHECK(parse_announcement(packet->text)->active == 2);
  CHECK(parse_announcement(packet->text)->encrypted);

  // malkusch/openhab-tuya, DeviceTest.java; andresviedma/tinytuya-kotlin, TuyaMessageTest.kt.
  CHECK(id_in("000055aa00000000000000130000009c00000000d09766676f3369eb10b5e9f132fd802a7a1e40d0cbeb"
              "cbbaaf6d9037d72adb12c0e08b85428f69c0f5eb443b3428b648a46ecf78d163c8b2f111c8c375148d32"
              "c2d91fea632b8557eb918162c1fc96744dc7fe823e307927fb0a44b0dfae2c8da2a472bd72b20e15e0f7"
              "7b889f46b89a20780716567ce38ac1d583e9669fe8f0eedd5c953bb9377560ae90dfbc45dbe2f9c05ddf"
              "0000aa55") == "bf3f795ce962dadfd88hx5 192.168.188.120 keyjup78v54myhan 3.3");
  CHECK(id_in("000055aa00000000000000130000009c00000000e8ade47bd7ff48369d1c8b0a78e48e3a3a70ea54f886"
              "7e9ec7fc56b6751e75406e42babb86a7cda254b6f8aea1fe11f7f956d629c5e5f4c7486e62b69065c68e"
              "c2fb8459b1155fc75d4bf6699f92cba4c0ba520148045e7605fa0498dfea5aab549982ac0f1f64dedb60"
              "7dac87b8ca4318aa61807b51b2352a27b165add3569b6eda8eea40e93b1e3fc14a2570e1827934e93234"
              "0000aa55") == "bf1bd7f0bda4cbc644ichw 10.214.2.176 keym4vvjhx4sd9kk 3.3");
}

TEST_CASE("an announcement of a 3.5 device") {
  const Result<Packet> packet = decode_broadcast(hex(gcm));
  REQUIRE(packet);
  const Result<Announcement> said = parse_announcement(packet->text);
  REQUIRE(said);
  CHECK(said->device_id == "golden0testgwid0");
  CHECK(said->product_key == "goldenProductKey");
  CHECK(said->version == "3.5");
  Bytes flipped = hex(gcm);
  flipped[40] ^= 1;
  CHECK(decode_broadcast(flipped).error().code == Errc::bad_cipher);
}

// A 3.1 device's announcement in the form that tuyapi's and tinytuya's documents show: not
// encrypted, a return code in front; the CRC is zlib's.
TEST_CASE("a plain announcement, with and without its frame") {
  const std::string json =
      R"({"ip":"192.168.0.5","gwId":"0120015260091453a970","active":2,"ablilty":0,)"
      R"("mode":0,"encrypt":true,"productKey":"weeb8zfkMw2wdgdf","version":"3.1"})";
  CHECK(id_in("000055aa00000000000000000000009d000000007b226970223a223139322e3136382e302e35222c2267"
              "774964223a223031323030313532363030393134353361393730222c22616374697665223a322c226162"
              "6c696c7479223a302c226d6f6465223a302c22656e6372797074223a747275652c2270726f647563744b"
              "6579223a2277656562387a666b4d77327764676466222c2276657273696f6e223a22332e31227d42d527"
              "ee0000aa55") == "0120015260091453a970 192.168.0.5 weeb8zfkMw2wdgdf 3.1");
  const Result<Packet> bare = decode_broadcast(as_bytes(json));
  REQUIRE(bare);
  CHECK(parse_announcement(bare->text)->device_id == "0120015260091453a970");
}

// Made by Python's cryptography in the layout of tinytuya's pack_message().
TEST_CASE("what 3.5 devices are asked") {
  const Bytes asked = info_question("10.77.0.1", as_bytes("0123456789ab"));
  CHECK(to_hex(asked) ==
        "00006699000000000000000000250000003e3031323334353637383961627f0e835e0dc9a2e1b1a6"
        "8b022089f5223d6e8436b8a89f18345db6a77af403de1b478e02462b1cae5c6233a33e3cd43e731400009966");
  const Result<Packet> packet = decode_broadcast(asked);
  REQUIRE(packet);
  CHECK(packet->command == 0x25);
  CHECK(packet->text == R"({"from": "app", "ip": "10.77.0.1"})");
  CHECK(!parse_announcement(packet->text));  // hearing oneself is no device
}

TEST_CASE("what is damaged") {
  const Bytes whole = hex(heat_pump);
  for (std::size_t size = 4; size < whole.size(); ++size) {
    CHECK(decode_broadcast(ByteSpan(whole).first(size)).error().code == Errc::bad_packet);
  }
  Bytes flipped = whole;
  flipped[50] ^= 1;
  CHECK(decode_broadcast(flipped).error().message() == "damaged: not a Tuya broadcast");
  CHECK(decode_broadcast({}).error().code == Errc::bad_cipher);
  CHECK(decode_broadcast(as_bytes("hello")).error().code == Errc::bad_cipher);
  const Bytes wide = hex(gcm);
  for (std::size_t size = 4; size < wide.size(); size += 7) {
    CHECK(!decode_broadcast(ByteSpan(wide).first(size)));
  }
}

TEST_CASE("what is no announcement") {
  for (const char* text : {"", "[]", "{", "{}", R"({"gwId":5})", R"({"gwId":""})"}) {
    CHECK_MESSAGE(!parse_announcement(text), text);
  }
  const auto odd = parse_announcement(R"({"gwId":"x","ip":7,"active":"yes","encrypt":1})");
  REQUIRE(odd);
  CHECK(odd->ip == "");
  CHECK(odd->active == -1);
  CHECK(!odd->encrypted);
  CHECK(parse_announcement(R"({"gwId":")" + std::string(5000, 'x') + "\"}")->device_id.size() ==
        256);
}
