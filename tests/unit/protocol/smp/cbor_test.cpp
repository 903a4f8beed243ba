#include "protocol/smp/cbor.hpp"

#include <doctest/doctest.h>

#include "protocol/smp/error.hpp"

using namespace aiot;
using namespace aiot::smp;

namespace {

Result<Value> decode(std::string_view hex) { return decode_cbor(*from_hex(hex)); }
std::string code(std::string_view hex) {
  const Result<Value> value = decode(hex);
  return value ? "accepted" : value.error().stable_code();
}

}  // namespace

// RFC 8949, Appendix A.
TEST_CASE("values of the specification's table, both ways") {
  struct Row {
    std::string_view hex;
    Value value;
  };
  const Row rows[] = {
      {"00", 0U},
      {"17", 23U},
      {"1818", 24U},
      {"1903e8", 1000U},
      {"1a000f4240", 1000000U},
      {"1bffffffffffffffff", 18446744073709551615ULL},
      {"20", -1},
      {"3903e7", -1000},
      {"f4", false},
      {"f5", true},
      {"f6", nullptr},
      {"4401020304", Bytes{1, 2, 3, 4}},
      {"62c3bc", "\xc3\xbc"},
      {"8301820203820405", Array{1U, Array{2U, 3U}, Array{4U, 5U}}},
      {"a26161016162820203", Object{{"a", 1U}, {"b", Array{2U, 3U}}}},
      {"fb3ff199999999999a", 1.1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.hex);
    const Result<Value> value = decode(row.hex);
    REQUIRE(value.has_value());
    CHECK(*value == row.value);
    CHECK(to_hex(encode_cbor(row.value)) == row.hex);
  }
}

TEST_CASE("values of the specification's table that are only read") {
  CHECK(*decode("f93c00") == Value(1.0));
  CHECK(*decode("f90001") == Value(5.960464477539063e-8));
  CHECK(*decode("fa47c35000") == Value(100000.0));
  CHECK(*decode("f7") == Value(nullptr));
  CHECK(*decode("c074323031332d30332d32315432303a30343a30305a") == Value("2013-03-21T20:04:00Z"));
  CHECK(*decode("5f42010243030405ff") == Value(Bytes{1, 2, 3, 4, 5}));
  CHECK(*decode("7f657374726561646d696e67ff") == Value("streaming"));
  CHECK(*decode("9f018202039f0405ffff") == Value(Array{1U, Array{2U, 3U}, Array{4U, 5U}}));
  CHECK(*decode("bf61610161629f0203ffff") == Value(Object{{"a", 1U}, {"b", Array{2U, 3U}}}));
}

TEST_CASE("damage is refused") {
  for (const std::string_view hex :
       {"", "18", "1903", "4401", "5f01ff", "5f5f4101ffff", "a10102", "a161", "a2616101616102",
        "ff", "1c", "1f", "3bffffffffffffffff", "f8", "fc", "0000", "9f01", "c0",
        // Longer than any packet, in a few bytes.
        "5bffffffffffffffff", "9bffffffffffffffff", "bbffffffffffffffff"}) {
    CAPTURE(hex);
    CHECK(code(hex) == "smp.bad_cbor");
  }
}

TEST_CASE("nesting and the number of values are bounded") {
  CHECK(code("8181818181818181"
             "00") == "accepted");
  CHECK(code("818181818181818181"
             "00") == "smp.bad_cbor");
  CHECK(code("c0c0c0c0c0c0c0c0c0"
             "00") == "smp.bad_cbor");
  Bytes many{0x9F};
  many.resize(1 + max_cbor_values, 0x00);
  many.push_back(0xFF);
  CHECK(!decode_cbor(many));
}
