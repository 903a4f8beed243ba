#include "image/intel_hex.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using namespace aiot::image;

namespace {

std::string code(std::string_view text) {
  const auto hex = parse_intel_hex(text);
  return hex ? "ok" : hex.error().stable_code();
}

// The example of Wikipedia's article "Intel HEX".
const char* const example =
    ":10010000214601360121470136007EFE09D2190140\n"
    ":100110002146017E17C20001FF5F16002148011928\n"
    ":10012000194E79234623965778239EDA3F01B2CAA7\n"
    ":100130003F0156702B5E712B722B732146013421C7\n"
    ":00000001FF\n";

}  // namespace

TEST_CASE("the well-known example, both ways") {
  const auto hex = parse_intel_hex(example);
  REQUIRE(hex.has_value());
  REQUIRE(hex->ranges.size() == 1);
  CHECK(hex->ranges[0].address == 0x100);
  CHECK(to_hex(hex->ranges[0].data) ==
        "214601360121470136007efe09d219012146017e17c20001ff5f160021480119"
        "194e79234623965778239eda3f01b2ca3f0156702b5e712b722b732146013421");
  CHECK(write_intel_hex(hex->ranges) == example);
}

// Records of the same article, and of the specification's chapters on them.
TEST_CASE("addresses and entries") {
  const auto segment = parse_intel_hex(
      ":020000021200EA\r\n:0400000300003800C1\r\n:0100100055 9A"
      "\r\n:00000001FF\r\n");
  CHECK_FALSE(segment.has_value());  // a blank inside a record
  const auto based =
      parse_intel_hex(":020000021200EA\n:01001000559A\n:0400000300003800C1\n:00000001FF");
  REQUIRE(based.has_value());
  CHECK(based->ranges[0].address == 0x12010);
  CHECK(based->entry == 0x3800);
  const auto linear =
      parse_intel_hex(":02000004FFFFFC\n:01001000559A\n:04000005000000CD2A\n:00000001FF\n");
  REQUIRE(linear.has_value());
  CHECK(linear->ranges[0].address == 0xFFFF0010);
  CHECK(linear->entry == 0xCD);
  // In a segment, offsets wrap within 64 KiB; linear addresses go on.
  const auto wraps = parse_intel_hex(":020000021000EC\n:02FFFF00AABB9B\n:00000001FF\n");
  REQUIRE(wraps.has_value());
  REQUIRE(wraps->ranges.size() == 2);
  CHECK(wraps->ranges[0].address == 0x10000);
  CHECK(wraps->ranges[0].data == Bytes{0xBB});
  CHECK(wraps->ranges[1].address == 0x1FFFF);
  const auto goes_on = parse_intel_hex(":020000040001F9\n:02FFFF00AABB9B\n:00000001FF\n");
  REQUIRE(goes_on->ranges.size() == 1);
  CHECK(goes_on->ranges[0].address == 0x1FFFF);
}

TEST_CASE("ranges are sorted and joined; overlaps are refused") {
  const auto hex =
      parse_intel_hex(":0100020003FA\n:0100000001FE\n:0100010002FC\n:0100100004EB\n:00000001FF\n");
  REQUIRE(hex.has_value());
  REQUIRE(hex->ranges.size() == 2);
  CHECK(hex->ranges[0].data == Bytes{1, 2, 3});
  CHECK(hex->ranges[1].address == 0x10);
  CHECK(code(":0100000001FE\n:0100000001FE\n:00000001FF\n") == "image.overlap");
  CHECK(code(":020000000102FB\n:0100010002FC\n:00000001FF\n") == "image.overlap");
}

TEST_CASE("wrong records") {
  CHECK(code(":00000001FF") == "ok");
  CHECK(code("") == "image.truncated");
  CHECK(code(":0100000001FE\n") == "image.truncated");
  CHECK(code(":00000001FE\n") == "image.hex");                 // checksum
  CHECK(code(":0200000001FE\n:00000001FF\n") == "image.hex");  // length
  CHECK(code(":0100000G01FE\n:00000001FF\n") == "image.hex");
  CHECK(code("0100000001FE\n:00000001FF\n") == "image.hex");
  CHECK(code(":00000006FA\n:00000001FF\n") == "image.hex");    // type
  CHECK(code(":0100000400FB\n:00000001FF\n") == "image.hex");  // a base of one byte
  CHECK(code(":00000001FF\n:0100000001FE\n") == "image.hex");  // after the end
  const auto error = parse_intel_hex(":0100000001FE\n:0100010002FF\n").error();
  CHECK(error.message().find("line 2") != std::string::npos);
  const std::string text = example;
  for (std::size_t size = 0; size + 2 < text.size(); ++size) {
    CAPTURE(size);
    CHECK(code(std::string_view(text).substr(0, size)) != "ok");
  }
}

TEST_CASE("written files cross 64 KiB with a new base") {
  const std::vector<HexRange> ranges = {{0x1FFFE, {1, 2, 3, 4}}};
  const std::string text = write_intel_hex(ranges, 0x400D0020);
  CHECK(text ==
        ":020000040001F9\n:02FFFE000102FE\n:020000040002F8\n:020000000304F7\n"
        ":04000005400D00208A\n:00000001FF\n");
  const auto back = parse_intel_hex(text);
  CHECK(back->ranges[0].data == ranges[0].data);
  CHECK(back->entry == 0x400D0020);
}
