#include "protocol/improv/message.hpp"

#include <doctest/doctest.h>

#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::improv;

namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }
std::string frame(FrameType type, const Bytes& data) { return to_hex(encode_frame(type, data)); }

/// Type and data of all frames in 'bytes'.
std::string frames_in(ByteSpan bytes) {
  FrameReader reader;
  reader.add(bytes);
  std::string out;
  while (const auto one = reader.next())
    out += std::to_string(static_cast<int>(one->type)) + ":" + to_hex(one->data) + " ";
  return out;
}

Bytes operator+(Bytes a, std::string_view text) {
  append(a, as_bytes(text));
  return a;
}
Bytes operator+(Bytes a, const Bytes& b) {
  append(a, b);
  return a;
}

const Bytes ready = hex("494d50524f5601010102e20a");

}  // namespace

// Frames that sdk-serial-js 2.8.1 sends and that sdk-cpp 1.2.6 takes, each with its line feed.
TEST_CASE("frames as the SDKs write them") {
  CHECK(frame(FrameType::command, encode_command(Command::state)) == "494d50524f560103020200e50a");
  CHECK(frame(FrameType::state, {2}) == "494d50524f5601010102e20a");
  CHECK(frame(FrameType::result, encode_result({Command::scan, {}})) ==
        "494d50524f560104020400e80a");
  CHECK(frame(FrameType::failure, {3}) == "494d50524f5601020103e40a");
  CHECK(frame(FrameType::command,
              encode_command(Command::settings, encode_settings("home", "secret-pass"))) ==
        "494d50524f56010313011104686f6d650b7365637265742d70617373280a");
  CHECK(frame(FrameType::command, encode_command(Command::hostname, hex("6c616d702d31"))) ==
        "494d50524f5601030805066c616d702d31fc0a");
  // serial.md, "Send Wi-Fi settings".
  CHECK(to_hex(encode_command(Command::settings,
                              encode_settings("MyWirelessAP", "mysecurepassword"))) ==
        "011e0c4d79576972656c657373415010"
        "6d7973656375726570617373776f7264");
}

TEST_CASE("BLE has a sum of its own, and nothing in front") {
  CHECK(to_hex(with_sum(encode_command(Command::identify))) == "020002");
  const Bytes result = with_sum(encode_result({Command::settings, {"http://lamp.local"}}));
  const auto inside = checked(result);
  REQUIRE(inside);
  CHECK(decode_result(*inside)->strings == std::vector<std::string>{"http://lamp.local"});
  for (std::size_t size = 0; size < result.size(); ++size) {
    CHECK(!is_whole(ByteSpan(result).first(size)));
    CHECK(!checked(ByteSpan(result).first(size)));
  }
  Bytes damaged = result;
  damaged[4] ^= 1;
  CHECK(!checked(damaged));
  // ble.md, "Service Data format".
  CHECK(to_hex(encode_service_data(State::ready, can_identify | can_info | can_scan)) ==
        "020700000000");
}

TEST_CASE("results") {
  const auto info =
      decode_result(encode_result({Command::info, {"ESPHome", "2021.11.0", "a", ""}}));
  REQUIRE(info);
  CHECK(info->command == Command::info);
  CHECK(info->strings == std::vector<std::string>{"ESPHome", "2021.11.0", "a", ""});
  // sdk-cpp's build_rpc_response appends a byte that is 0 without a sum.
  CHECK(decode_result(hex("01020161"
                          "00"))
            ->strings == std::vector<std::string>{"a"});
  CHECK(!decode_result(hex("010301")));
  CHECK(!decode_result(hex("01020261")));
  CHECK(!decode_result(hex("01")));
  CHECK(decode_result(hex("0400"))->strings.empty());
  // 253 bytes of strings fit into a frame.
  const CallResult large{Command::scan, {std::string(200, 'x'), std::string(60, 'y')}};
  CHECK(decode_result(encode_result(large))->strings.size() == 1);
}

TEST_CASE("settings") {
  const auto settings = decode_settings(encode_settings("home", ""));
  REQUIRE(settings);
  CHECK(settings->ssid == "home");
  CHECK(settings->password.empty());
  CHECK(!decode_settings(hex("04686f6d65")));
  CHECK(!decode_settings(hex("04686f6d6501")));
  CHECK(!decode_settings(hex("04686f6d650000")));
  CHECK(!decode_command(hex("0102ff")));
  CHECK(!decode_command(hex("0100ff")));
}

TEST_CASE("frames in the middle of a log") {
  CHECK(frames_in(Bytes() + "[I] boot\r\n" + ready) == "1:02 ");
  CHECK(frames_in(Bytes() + "no line feed" + ready + "more" + ready) == "1:02 1:02 ");
  CHECK(frames_in(Bytes() + "IMPROVED firmware\nIMPROV" + ready) == "1:02 ");
  CHECK(frames_in(Bytes() + "IMIMPROIMPR" + ready) == "1:02 ");
  CHECK(frames_in(ready + ready) == "1:02 1:02 ");
  SUBCASE("a line feed is data as well") {
    const Bytes result = encode_result({Command::info, {"a\nb", "10 bytes\n", "", ""}});
    CHECK(frames_in(Bytes() + "x" + encode_frame(FrameType::result, result)) ==
          "4:" + to_hex(result) + " ");
    CHECK(frames_in(encode_frame(FrameType::failure, Bytes{0x0A})) == "2:0a ");
  }
  SUBCASE("log text inside a frame costs this frame only") {
    Bytes torn(ready.begin(), ready.begin() + 8);
    CHECK(frames_in(torn + "[I] log" + ready + ready + std::string(91, '.')) == "1:02 1:02 ");
  }
  SUBCASE("another type") { CHECK(frames_in(hex("494d50524f5601090102ea") + ready) == "1:02 "); }
}

TEST_CASE("a frame that does not end is given up") {
  FrameReader reader;
  reader.add(hex("494d50524f560104f0") + "IMPROV");
  reader.add(ready);
  CHECK(!reader.next());
  CHECK(reader.in_frame());
  reader.give_up();
  REQUIRE(reader.next());
  CHECK(!reader.next());
}

TEST_CASE("byte by byte") {
  FrameReader reader;
  int found = 0;
  for (const std::uint8_t byte : Bytes() + "IMPR" + ready + "log\n" + ready) {
    reader.add({&byte, 1});
    while (reader.next()) ++found;
  }
  CHECK(found == 2);
  CHECK(!reader.saw_other_version());
}

TEST_CASE("another version is noticed; an improvement is not") {
  FrameReader reader;
  reader.add(Bytes() + "IMPROVEMENT\n");
  CHECK(!reader.next());
  CHECK(!reader.saw_other_version());
  reader.add(hex("494d50524f5602010102e3"));
  CHECK(!reader.next());
  CHECK(reader.saw_other_version());
}
