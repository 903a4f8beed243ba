#include <doctest/doctest.h>

#include "filter/filter.hpp"

using namespace aiot;
using filter::Pattern;

TEST_CASE("a pattern is found anywhere in bytes") {
  const auto pattern = Pattern::parse("Guru [A-Z]\\w+ Error");
  REQUIRE(pattern.has_value());
  CHECK(pattern->matches("\x1b[31mGuru Meditation Error: Core  1"));
  CHECK_FALSE(pattern->matches("guru meditation error"));
  CHECK(Pattern::parse("(?i)ERROR")->matches(std::string_view("\xff\0error\xfe", 8)));
  CHECK(Pattern::parse("a\\x00b")->matches(std::string_view("xa\0b", 4)));
  CHECK(Pattern::parse("^\xe7\x81\xaf.$")->matches("\xe7\x81\xaf\xe6\xb3\xa1"));
}

TEST_CASE("a pattern that RE2 does not take is refused with its reason") {
  for (const char* text : {"(", "[a-", "a**", "(?=x)", "(a)\\1", "\xff"}) {
    CAPTURE(text);
    const auto pattern = Pattern::parse(text);
    REQUIRE(!pattern.has_value());
    CHECK(pattern.error().stable_code() == "filter.pattern");
    CHECK(pattern.error().condition() == Condition::usage);
    CHECK(!pattern.error().context.empty());
  }
  CHECK(!Pattern::parse(std::string(4097, 'a')).has_value());
}

TEST_CASE("a line of 100 KB takes no stack, and time linear in its length") {
  const std::string line(100'000, 'a');
  CHECK_FALSE(Pattern::parse("(a*)*b")->matches(line));
  CHECK(Pattern::parse("(a|aa)+$")->matches(line));
}
