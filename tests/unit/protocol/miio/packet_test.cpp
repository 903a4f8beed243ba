#include "protocol/miio/packet.hpp"

#include <doctest/doctest.h>

#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::miio;

namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }
Token token(std::string_view text) { return *parse_token(text); }

/// The text, or the error's code.
std::string opened(ByteSpan packet, const Token& with) {
  const Result<std::string> text = open(packet, with);
  return text ? *text : text.error().stable_code();
}

const Token simple = token("00112233445566778899aabbccddeeff");
/// Of a real device, whose packets the tests of github.com/eip/miio2mqtt hold
/// (miio/packet_test.go).
const Token real = token("9c3b2d1da5beceee2808a3d3653b485d");

}  // namespace

TEST_CASE("hello, and what devices answer") {
  CHECK(to_hex(hello()) == "21310020ffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
  CHECK(is_hello(hello()));
  CHECK(!decode_hello_reply(hello()));

  // Two captured answers, from old and from newer firmware: eip/miio2mqtt, "Handshake Packet".
  const auto zeros =
      decode_hello_reply(hex("21310020000000000011223300061e3900000000000000000000000000000000"));
  REQUIRE(zeros);
  CHECK(zeros->device_id == 0x00112233);
  CHECK(zeros->stamp_s == 0x00061E39);
  CHECK(!zeros->token);
  const auto ones =
      decode_hello_reply(hex("2131002000000000102695f0000b7567ffffffffffffffffffffffffffffffff"));
  REQUIRE(ones);
  CHECK(ones->device_id == 0x102695F0);
  CHECK(!ones->token);
  // A device out of its box: an answer that an Android client was tested with (MiioPacket.main).
  const auto shown =
      decode_hello_reply(hex("213100200000000000c0c904000479703376c311e8894a4e27ccbb705e132fde"));
  REQUIRE(shown);
  CHECK(shown->device_id == 0xC0C904);
  CHECK(shown->token == token("3376c311e8894a4e27ccbb705e132fde"));

  CHECK(to_hex(hello_reply(0x102695F0, 0x000B7567, {})) ==
        "2131002000000000102695f0000b7567ffffffffffffffffffffffffffffffff");
  CHECK(to_hex(hello_reply(0xC0C904, 0x00047970, shown->token)) ==
        "213100200000000000c0c904000479703376c311e8894a4e27ccbb705e132fde");
}

// eip/miio2mqtt, "Real Packet 1" and "Real Packet 2": a plug's own words.
TEST_CASE("packets of a real device") {
  const Bytes request = hex(
      "2131005000000000047bd1b55f53ee9bf0a2b109a80c902f0b55e5250e58f2cc95b21c4012d699586153e51f42d6"
      "8c2ccdbb07b14326761acbe820ce8786ff4da71ff844841f7aee0c2b10c844b45245");
  CHECK(opened(request, real) == R"({"method":"miIO.info","params":[],"id":1})");
  CHECK(decode_header(request)->device_id == 0x047BD1B5);
  CHECK(to_hex(seal(0x047BD1B5, 0x5F53EE9B, R"({"method":"miIO.info","params":[],"id":1})",
                    real)) == to_hex(request));
  const Bytes reply = hex(
      "2131005000000000047bd1b5002feedece53f7b9e63ae50c3fc22fac87cc3ee7053510f79d4e36f4ff504d8da439"
      "1c467b067c3d5a777aca3ed402f9009821176bc6bffeb40994d5e6889e48836d54a6");
  CHECK(opened(reply, real) == R"({"result":["on","on",4,100,"off","on"],"id":1})");
  CHECK(
      to_hex(seal(0x047BD1B5, 0x002FEEDE,
                  R"({"id":1,"method":"get_prop","params":["power","usb_state","aqi","battery",)"
                  R"("time_state","night_state"]})",
                  real)) ==
      "2131009000000000047bd1b5002feede54a30263b7b2015db6bdc3e7d5bf6853b952275b1e1fd9ed283c5ad34120"
      "d6982ccee490f5774502ee2833ecf7c8c178c01cb9250ee22edc72296cb393a9815dcb4c69e968271a25004626ea"
      "d4c7abdd0332ddbccc48749ff1ddfe765439a06f6084ebdcca2ae9caeb2e755daaa5f3161cee3147f75a0f6ba4a1"
      "27f89eb75eaa");
}

// A TypeScript client's reference packets, made with a Python client that was held against devices
// (test/packet.test.ts of a homebridge plug-in); the reply ends in a NUL.
TEST_CASE("packets of a Python client") {
  CHECK(
      to_hex(
          seal(0x0BADF00D, 1000, R"({"id":1,"method":"get_prop","params":["power"]})", simple)) ==
      "21310050000000000badf00d000003e8a3da2f4c3dd8ac1fb4ec2eee2859c42ea5516ec6151955dc2bb2d43e7c84"
      "c1833ad6abd2560c09de4318b095b7713e230bbed4ee40764c0304f323716693cc0a");
  CHECK(opened(
            hex("21310040000000000badf00d000003e92f34cdef8b160aa737c3791396832e8595d444d970e45e453f"
                "755f0301fb09fd13e0600851ba45dd821db6a00a6dfb4a"),
            simple) == R"({"id":1,"result":["on"]})");
}

TEST_CASE("what is no packet, and another's token") {
  const Bytes sample = hex(  // eip/miio2mqtt, "Sample Packet"
      "21310040000000000011223300061e39b0cbb8837ed9a65a70165f2b7b4102722b487e7eed802b7df35c224caab8"
      "d216e43262c38b9cc073782c148668387d9e");
  CHECK(opened(sample, simple) == "123456789@ABCDEFGHI");
  CHECK(opened(sample, real) == "miio.wrong_token");
  CHECK(opened(hello(), simple) == "miio.bad_packet");
  for (std::size_t size = 0; size < sample.size(); ++size) {
    CHECK(opened(ByteSpan(sample).first(size), simple) == "miio.bad_packet");
  }
  Bytes other = sample;
  other[0] = 0x22;
  CHECK(opened(other, simple) == "miio.bad_packet");
  CHECK(decode_hello_reply(sample).error().code == Errc::bad_packet);
  CHECK(!parse_token("00112233"));
  CHECK(!parse_token("00112233445566778899aabbccddeefg"));
}

// The malformed answers that python-miio's test suite has (miio/tests/test_protocol.py), and more.
TEST_CASE("JSON as devices write it") {
  CHECK(repaired_json(R"({"id": 123456,,"otu_stat":0})") == R"({"id": 123456,"otu_stat":0})");
  CHECK(repaired_json(R"({"value":00, "x":007,"y":0,"z":0.05,"w":10.00})") ==
        R"({"value":0, "x":7,"y":0,"z":0.05,"w":10.00})");
  CHECK(repaired_json(R"([, 1])") == R"([ 1])");
  CHECK(repaired_json(R"({"a,,b":"x,, \" 00 ,,","c":100})") ==
        R"({"a,,b":"x,, \" 00 ,,","c":100})");
  CHECK(opened(seal(1, 1, std::string("{\"id\": 123456}\0k", 16), simple), simple) ==
        R"({"id": 123456})");
}
