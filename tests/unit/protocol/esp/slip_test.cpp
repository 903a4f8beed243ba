#include <doctest/doctest.h>

#include "protocol/esp/codec.hpp"

using namespace aiot;
using namespace aiot::esp;

namespace {

Bytes encoded(std::string_view hex) {
  Bytes out;
  slip_encode(*from_hex(hex), out);
  return out;
}

std::vector<std::string> frames(SlipDecoder& decoder, ByteSpan input) {
  std::vector<std::string> out;
  while (std::optional<Bytes> frame = decoder.next(input)) out.push_back(to_hex(*frame));
  return out;
}

}  // namespace

// RFC 1055; "Low Level Protocol" of Espressif's serial protocol.
TEST_CASE("SLIP escapes C0 and DB") {
  CHECK(to_hex(encoded("01c002db03")) == "c001dbdc02dbdd03c0");
  CHECK(to_hex(encoded("c0c0dbdb")) == "c0dbdcdbdcdbdddbddc0");
  CHECK(to_hex(encoded("")) == "c0c0");
}

TEST_CASE("SLIP frames come out whole, however the bytes arrive") {
  const Bytes wire = *from_hex("c001dbdc02dbdd03c0 c00102c0");
  SlipDecoder at_once;
  CHECK(frames(at_once, wire) == std::vector<std::string>{"01c002db03", "0102"});
  SlipDecoder one_by_one;
  std::vector<std::string> got;
  for (const std::uint8_t b : wire) {
    for (std::string& f : frames(one_by_one, ByteSpan(&b, 1))) got.push_back(std::move(f));
  }
  CHECK(got == std::vector<std::string>{"01c002db03", "0102"});
}

TEST_CASE("what lies between frames is noise, kept for the user") {
  SlipDecoder decoder;
  const Bytes wire = *from_hex("72 73 74 0a c00102c0 21 c003c0");
  CHECK(frames(decoder, wire) == std::vector<std::string>{"0102", "03"});
  CHECK(to_string(decoder.take_noise()) == "rst\n!");
  CHECK(decoder.take_noise().empty());
}

TEST_CASE("a bad escape and a frame beyond the bound are dropped and counted") {
  SlipDecoder decoder(4);
  CHECK(frames(decoder, *from_hex("c001db02c0")).empty());
  CHECK(decoder.dropped_frames() == 1);
  // the C0 that ended the bad frame may as well open the next one
  CHECK(frames(decoder, *from_hex("c00506c0")) == std::vector<std::string>{"0506"});
  CHECK(frames(decoder, *from_hex("c00102030405c0")).empty());
  CHECK(decoder.dropped_frames() == 2);
  CHECK(frames(decoder, *from_hex("c001020304c0")) == std::vector<std::string>{"01020304"});
  CHECK(frames(decoder, *from_hex("c0010203dbc0")).empty());
  CHECK(decoder.dropped_frames() == 3);
}

TEST_CASE("a lost C0 costs one frame, not the stream") {
  SlipDecoder decoder;
  CHECK(frames(decoder, *from_hex("c00102 c00304c0 c00506c0")) ==
        std::vector<std::string>{"0102", "0506"});
}
