#include "aiot/bytes.hpp"

#include <doctest/doctest.h>

#include "aiot/units.hpp"

using namespace aiot;

TEST_CASE("hex") {
  CHECK(to_hex(Bytes{0xC0, 0x00, 0xdb}) == "c000db");
  CHECK(to_hex(Bytes{0xC0, 0x00}, ":") == "c0:00");
  CHECK(*from_hex("c0 00\nDB") == Bytes{0xC0, 0x00, 0xDB});
  CHECK_FALSE(from_hex("c").has_value());
  CHECK_FALSE(from_hex("xx").has_value());
}

// RFC 4648, section 10.
TEST_CASE("base64") {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},        {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    CHECK(to_base64(as_bytes(plain)) == coded);
    CHECK(to_string(*from_base64(coded)) == plain);
  }
  for (const char* bad : {"Z", "Zg", "Zg=", "Z===", "Zg==Zg==", "Z!=="}) {
    CHECK_FALSE(from_base64(bad).has_value());
  }
}

TEST_CASE("UTF-8 is told from what is not") {
  CHECK(is_utf8("gr\xc3\xbc\xc3\x9f"));
  CHECK(is_utf8("\xf0\x9f\x98\x80"));
  for (const char* bad : {"\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff",
                          "\x80", "\xe2\x82"}) {
    CHECK_FALSE(is_utf8(bad));
  }
}

TEST_CASE("a terminal never gets a control byte") {
  CHECK(escape_controls("a\x1b[31mb") == "a\\x1b[31mb");
  CHECK(escape_controls("\x9b") == "\\x9b");
  CHECK(escape_controls("\xc2\x9b") == "\\u{9b}");
  CHECK(escape_controls("\xe2\x80\xae"
                        "x") == "\\u{202e}x");
  CHECK(escape_controls("a\nb") == "a\\x0ab");
  CHECK(escape_controls("a\nb", true) == "a\nb");
  CHECK(escape_controls("gr\xc3\xbc\xc3\x9f") == "gr\xc3\xbc\xc3\x9f");
}

TEST_CASE("sizes and durations") {
  CHECK(*parse_size("0x1000") == 4096);
  CHECK(*parse_size("64k") == 65536);
  CHECK(*parse_size("4MB") == 4194304);
  CHECK_FALSE(parse_size("0x").has_value());
  CHECK_FALSE(parse_size("-1").has_value());
  CHECK_FALSE(parse_size("99999999999999999999").has_value());
  CHECK_FALSE(parse_size("18446744073709551615k").has_value());
  CHECK(parse_duration("2.5s")->count() == 2500);
  CHECK(parse_duration("250ms")->count() == 250);
  CHECK(parse_duration("3")->count() == 3000);
  CHECK_FALSE(parse_duration("25h").has_value());
  CHECK_FALSE(parse_duration("nan").has_value());
  CHECK_FALSE(parse_duration("3 parsecs").has_value());
  CHECK(format_size(1536) == "1.5 KiB");
  CHECK(format_duration(std::chrono::seconds(125)) == "2 min 05 s");
}

TEST_CASE("a slip finds its word") {
  const std::vector<std::string> words = {"write", "read", "verify", "erase"};
  CHECK(nearest_word("wirte", words) == "write");
  CHECK(nearest_word("veri", words) == "verify");
  CHECK(nearest_word("frobnicate", words).empty());
}
