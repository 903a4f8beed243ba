#include "protocol/smp/packet.hpp"

#include <doctest/doctest.h>

#include "protocol/smp/error.hpp"

using namespace aiot;
using namespace aiot::smp;

namespace {

std::string text(ByteSpan bytes) { return to_string(bytes); }

}  // namespace

// Recorded from a Zephyr 4.4 server (native_sim): the request and what it answers.
TEST_CASE("echo, as Zephyr's server had it") {
  const Packet request{1, Op::write, Group::os, 0, 0, Object{{"d", "hi"}}};
  CHECK(to_hex(encode(request)) == "0a00000600000000a16164626869");
  const Result<Packet> reply = decode(*from_hex("0b00000700000000bf6172626869ff"));
  REQUIRE(reply.has_value());
  CHECK(reply->version == 1);
  CHECK(reply->op == Op::write_reply);
  CHECK(reply->group == Group::os);
  CHECK(reply->command == 0);
  CHECK(*reply->body.find("r") == Value("hi"));
}

TEST_CASE("requests as Zephyr's server took them") {
  const auto read = [](Group group, std::uint8_t sequence, std::uint8_t command) {
    return to_hex(encode({1, Op::read, group, sequence, command, {}}));
  };
  CHECK(read(Group::os, 2, 6) == "0800000100000206a0");     // parameters
  CHECK(read(Group::image, 5, 0) == "0800000100010500a0");  // images
  CHECK(to_hex(encode({1, Op::write, Group::image, 0x1A, 5, {}})) == "0a00000100011a05a0");
  CHECK(to_hex(encode({1, Op::write, Group::os, 0x17, 5, {}})) == "0a00000100001705a0");
  const Result<Packet> limits =
      decode(*from_hex("0900001900000206bf686275665f73697a65190800696275665f636f756e7402ff"));
  REQUIRE(limits.has_value());
  CHECK(*limits->body.find("buf_size") == Value(2048U));
  CHECK(*limits->body.find("buf_count") == Value(2U));
}

TEST_CASE("a packet that is none") {
  for (const char* hex : {"", "0b000007000000", "0b00000700000000bf6172626869",
                          "0f00000100000000a0", "0b0000010000000000", "0b00000200000000a000"}) {
    CAPTURE(hex);
    CHECK(!decode(*from_hex(hex)));
  }
}

// The same echo on the server's console.
TEST_CASE("lines of a console") {
  const Bytes request = *from_hex("0a00000600000000a16164626869");
  CHECK(text(to_lines(request)) ==
        "\x06\x09"
        "ABAKAAAGAAAAAKFhZGJoaeJ8\n");
  LineReader reader;
  reader.feed(
      as_bytes("uart:~$ \x06\x09"
               "ABELAAAHAAAAAL9hcmJoaf/eOQ==\r\n"));
  CHECK(reader.next() == from_hex("0b00000700000000bf6172626869ff"));
  CHECK(!reader.next());
}

TEST_CASE("a packet in several lines, between what the device logs") {
  LineReader reader;
  for (const char* line : {"[00:00:01] <inf> boot\n",
                           "\x06\x09"
                           "AA9I\n",
                           "\x04\x14"
                           "ZWxs\n",
                           "<wrn> busy\n",
                           "\x04\x14"
                           "bywg\n",
                           "\x04\x14"
                           "d29y\n",
                           "\x04\x14"
                           "bGQh\n",
                           "\x04\x14"
                           "et4=\n"}) {
    CHECK(!reader.next());
    reader.feed(as_bytes(line));
  }
  CHECK(text(*reader.next()) == "Hello, world!");
}

TEST_CASE("long packets make lines of 127 bytes at most, and come back whole") {
  Bytes packet(700);
  for (std::size_t i = 0; i < packet.size(); ++i) packet[i] = static_cast<std::uint8_t>(i * 7);
  const Bytes lines = to_lines(packet);
  std::size_t length = 0;
  for (const std::uint8_t byte : lines) {
    ++length;
    CHECK(length <= 127);
    if (byte == '\n') length = 0;
  }
  LineReader reader;
  for (const std::uint8_t byte : lines) reader.feed({&byte, 1});
  CHECK(reader.next() == packet);
}

TEST_CASE("damaged lines are dropped, and the next packet is found") {
  const std::string good =
      "\x06\x09"
      "ABELAAAHAAAAAL9hcmJoaf/eOQ==\n";
  for (const std::string& bad : {std::string("\x06\x09"
                                             "ABELAAAHAAAAAL9hcmJoaf/eOA==\n"),
                                 std::string("\x06\x09!!!!\n"),
                                 std::string("\x04\x14"
                                             "ZWxs\n"),
                                 std::string("\x06\x09"
                                             "AAFI\n"),
                                 std::string("\x06\x09"
                                             "ABELAA\n"),
                                 std::string(40000, 'x') + "\n"}) {
    LineReader reader;
    reader.feed(as_bytes(bad));
    CHECK(!reader.next());
    reader.feed(as_bytes(good));
    CHECK(reader.next().has_value());
  }
}
