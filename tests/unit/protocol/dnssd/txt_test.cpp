#include "protocol/dnssd/message.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using namespace aiot::dnssd;

namespace {

Strings strings(std::initializer_list<std::string_view> texts) {
  Strings out;
  for (const std::string_view text : texts) {
    const ByteSpan bytes = as_bytes(text);
    out.emplace_back(bytes.begin(), bytes.end());
  }
  return out;
}

}  // namespace

// RFC 6763 sections 6.3 to 6.5.
TEST_CASE("a key may have a value, an empty one, or none") {
  const auto attributes =
      attributes_of(strings({"PlugIns=JPEG,MPEG2", "passreq", "empty=", "a=b=c"}));
  REQUIRE(attributes.size() == 4);
  CHECK(attributes[0].key == "PlugIns");
  CHECK(attributes[0].value == "JPEG,MPEG2");
  CHECK(!attributes[1].value);
  CHECK(attributes[2].value == "");
  CHECK(attributes[3].value == "b=c");
  CHECK(*find_value(attributes, "PLUGINS") == "JPEG,MPEG2");
  CHECK(find_value(attributes, "passreq")->empty());
  CHECK(find_value(attributes, "plug") == nullptr);
}

TEST_CASE("the first of a key counts; strings without a key, or with one of other bytes, do not") {
  const auto attributes =
      attributes_of(strings({"id=1", "ID=2", "=x", "", "caf\xC3\xA9=1", "\x1b=1", "id"}));
  REQUIRE(attributes.size() == 1);
  CHECK(attributes[0].value == "1");
}

TEST_CASE("a value is bytes of any kind") {
  const std::string binary("xa=\x00\xFF=\x1B", 7);
  const auto attributes = attributes_of(strings({binary}));
  REQUIRE(attributes.size() == 1);
  CHECK(*attributes[0].value == std::string("\x00\xFF=\x1B", 4));
  CHECK(strings_of(attributes) == strings({binary}));
  CHECK(strings_of({{"k", std::nullopt}, {"long", std::string(255, 'x')}}) == strings({"k"}));
}

TEST_CASE("a record of thousands of attributes is cut") {
  Strings many;
  for (int i = 0; i < 4000; ++i) {
    const std::string text = std::to_string(i);
    const ByteSpan bytes = as_bytes(text);
    many.emplace_back(bytes.begin(), bytes.end());
  }
  CHECK(attributes_of(many).size() == 256);
}
