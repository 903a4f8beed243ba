#include "protocol/homekit/tlv.hpp"

#include "provisioning/error.hpp"
#include "show.hpp"

using namespace aiot;
using namespace aiot::homekit;

namespace {

Tlv decoded(std::string_view hex) {
  const Result<Tlv> out = Tlv::decode(*from_hex(hex));
  REQUIRE_MESSAGE(out, hex);
  return *out;
}

}  // namespace

// The examples of the HAP specification, 14.1: "hello", and 300 letters "a" in two fragments.
TEST_CASE("items and fragments are written as the specification shows") {
  Tlv small;
  small.add(Tag::state, 3).add(Tag::identifier, "hello");
  CHECK(to_hex(small.encode()) == "060103010568656c6c6f");
  Tlv large;
  large.add(Tag::state, 3).add(Tag{0x09}, Bytes(300, 'a')).add(Tag::identifier, "hello");
  const Bytes bytes = large.encode();
  REQUIRE(bytes.size() == 3 + 2 + 255 + 2 + 45 + 7);
  CHECK(to_hex(ByteSpan(bytes).first(7)) == "06010309ff6161");
  CHECK(to_hex(ByteSpan(bytes).subspan(260, 4)) == "092d6161");
  CHECK(to_hex(ByteSpan(bytes).last(7)) == "010568656c6c6f");
  CHECK(Tlv::decode(bytes)->items() == large.items());
}

TEST_CASE("a value of 255 bytes is whole, and one of none has a header alone") {
  Tlv exact;
  exact.add(Tag::proof, Bytes(255, 7)).add(Tag::salt, ByteSpan());
  const Bytes bytes = exact.encode();
  CHECK(bytes.size() == 257 + 2);
  CHECK(Tlv::decode(bytes)->items() == exact.items());
}

TEST_CASE("items are found by their tag, the first of it first") {
  const Tlv list = decoded(
      "060102"
      "010141"
      "ff00"
      "010142"
      "0b0101");
  CHECK(list.items().size() == 5);
  CHECK(to_hex(list.find(Tag::identifier)) == "41");
  CHECK(list.number(Tag::permissions) == 1U);
  CHECK(list.has(Tag::separator));
  CHECK(!list.has(Tag::error));
  CHECK(list.find(Tag::error).empty());
  CHECK(!list.number(Tag::error));
}

TEST_CASE("numbers are little-endian, of one to four bytes") {
  CHECK(decoded("080410270000").number(Tag::retry_delay) == 10000U);
  CHECK(decoded("08021027").number(Tag::retry_delay) == 10000U);
  CHECK(!decoded("0800").number(Tag::retry_delay));
  CHECK(!decoded("08050000000000").number(Tag::retry_delay));
}

TEST_CASE("what is cut short or too long is refused") {
  for (const auto* hex : {"06", "0601", "0602ff", "060101ff", "01ff00"}) {
    const Result<Tlv> out = Tlv::decode(*from_hex(hex));
    REQUIRE_MESSAGE(!out, hex);
    CHECK(out.error().code == provisioning::Errc::protocol_violated);
  }
  CHECK(Tlv::decode({})->items().empty());
  CHECK(!Tlv::decode(Bytes(Tlv::most_bytes + 2, 0)));
}
