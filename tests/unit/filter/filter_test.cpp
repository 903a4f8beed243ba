#include "filter/filter.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace aiot;
using filter::Filter;

namespace {

Object lamp() {
  return Object{
      {"id", "1f00"},
      {"name", "Kitchen Lamp"},
      {"ecosystem", "matter"},
      {"rssi_dbm", -61},
      {"vendor_id", 0xFFF1},
      {"price", 12.5},
      {"secured", false},
      {"nothing", nullptr},
      {"addresses", Array{"udp://192.168.1.40:5540", "matter:34970112332"}},
      {"mdns.txt.cm", "1"},
      {"mdns", Object{{"txt", Object{{"D", "3840"}, {"VP", "65521+32768"}}}}},
      {"ports", Array{Object{{"number", 80}}, Object{{"number", 5540}}}},
      {"payload", Bytes{0xFF, 'O', 'K', 0x00, '!'}},
  };
}

bool matches(std::string_view text) {
  const auto filter = Filter::parse(text);
  REQUIRE_MESSAGE(filter.has_value(), text, ": ", filter.error().message());
  return filter->matches(lamp());
}

}  // namespace

TEST_CASE("what holds for a record") {
  for (const char* text : {"ecosystem=matter",
                           "ecosystem = MATTER",
                           "Ecosystem=matter",
                           "name=kitchen*",
                           "name='kitchen lamp'",
                           "name=\"*LAMP\"",
                           "name~^Kitchen",
                           "name~'^Kitchen (Lamp|Light)$'",
                           "rssi_dbm=-61",
                           "rssi_dbm=-61.0",
                           "rssi_dbm>-70",
                           "rssi_dbm>=-61",
                           "rssi_dbm<-60",
                           "rssi_dbm<=-61",
                           "vendor_id=0xfff1",
                           "vendor_id=65521",
                           "price=12.5",
                           "price=1.25e1",
                           "secured=false",
                           "nothing=null",
                           "name=*",
                           "mdns=*",
                           "addresses=*",
                           "addresses=matter:*",
                           "addresses~^udp://",
                           "mdns.txt.cm=1",
                           "mdns.txt.d=3840",
                           "mdns.txt.D>3000",
                           "mdns.txt.vp=65521+*",
                           "ports.number=5540",
                           "ports.number>5000",
                           "payload~OK",
                           "payload~'OK\\x00!'",
                           "name!=bulb",
                           "absent!=1",
                           "absent!~.",
                           "kitchen",
                           "LAMP",
                           "kit*lamp",
                           "5540",
                           "65521+32768",
                           "'n la'",
                           "id<2",
                           "id<1f01",
                           "ecosystem=matter rssi_dbm>-70",
                           "ecosystem=matter and rssi_dbm>-70",
                           "ecosystem=tuya or lamp",
                           "not ecosystem=tuya",
                           "not not lamp",
                           "not (ecosystem=tuya or ecosystem=google)",
                           "(lamp)",
                           "((lamp))(kitchen)",
                           "ecosystem=tuya and bulb or lamp",
                           "lamp or ecosystem=tuya and bulb",
                           "lamp AND Kitchen OR tuya",
                           "name=Kitchen*\tlamp\n"}) {
    CHECK_MESSAGE(matches(text), text);
  }
}

TEST_CASE("what does not") {
  for (const char* text : {"ecosystem=matte",
                           "ecosystem!=matter",
                           "name=kitchen",
                           "name~^kitchen",
                           "name!~Lamp",
                           "rssi_dbm=61",
                           "rssi_dbm>-61",
                           "rssi_dbm<-61",
                           "vendor_id=fff1",
                           "secured=true",
                           "absent=1",
                           "absent=*",
                           "absent~.",
                           "absent<1",
                           "mdns=3840",
                           "mdns.txt=1",
                           "mdns.txt.x=1",
                           "ports=80",
                           "ports.number=81",
                           "ports.number<80",
                           "bulb",
                           "ecosystem=matter bulb",
                           "not lamp",
                           "(lamp or bulb) ecosystem=tuya",
                           "lamp not kitchen",
                           "payload=ok",
                           "addresses=matter",
                           "id>2"}) {
    CHECK_MESSAGE(!matches(text), text);
  }
}

TEST_CASE("keywords name fields and values where one stands") {
  const Object record{{"or", "and"}, {"not", 1}, {"word", "or else"}};
  for (const char* text : {"or=and", "not=1", "not not=2", "'or'", "or = and and not=1"}) {
    const auto filter = Filter::parse(text);
    REQUIRE_MESSAGE(filter.has_value(), text);
    CHECK_MESSAGE(filter->matches(record), text);
  }
}

TEST_CASE("quotes keep blanks, parentheses and backslashes") {
  const Object record{{"a", "say \"hi\" (now)"}, {"b", "it's"}, {"c", "C:\\x"}};
  for (const char* text : {R"x(a="say \"hi\" (now)")x", R"x(a='say "hi" (now)')x", R"x(b='it\'s')x",
                           R"x(b=it's)x", R"x(c='C:\x')x", R"x(c~"^C:\\x$")x", R"x(a~"\bhi\b")x"}) {
    const auto filter = Filter::parse(text);
    REQUIRE_MESSAGE(filter.has_value(), text);
    CHECK_MESSAGE(filter->matches(record), text);
  }
}

TEST_CASE("what is no filter is refused with its column and what belongs there") {
  struct Case {
    const char* text;
    const char* context;
  };
  for (const Case& c : {
           Case{"", "column 1: expected a field or a word"},
           Case{"  ", "column 3: expected a field or a word"},
           Case{"name=", "column 6: expected a value after \"=\""},
           Case{"name= )", "column 7: expected a value after \"=\""},
           Case{"a>=(1)", "column 4: expected a value after \">=\""},
           Case{"=x", "column 2: expected a field before \"=\""},
           Case{"a=1 or", "column 7: expected a field or a word"},
           Case{"a=1 and or b", "column 9: expected a field or a word"},
           Case{"and a", "column 1: expected a field or a word"},
           Case{"not", "column 4: expected a field or a word"},
           Case{"(a=1", "column 5: expected \")\""},
           Case{"a=1)", "column 4: expected \"and\", \"or\" or the end"},
           Case{"()", "column 2: expected a field or a word"},
           Case{"a='x", "column 3: expected the quotation that begins here to end"},
           Case{"\xe7\x81\xaf=", "column 3: expected a value after \"=\""},
       }) {
    const auto filter = Filter::parse(c.text);
    REQUIRE_MESSAGE(!filter.has_value(), c.text);
    CHECK(filter.error().stable_code() == "filter.syntax");
    CHECK(filter.error().condition() == Condition::usage);
    CHECK(filter.error().context == c.context);
    CHECK(!filter.error().hint.empty());
  }
  const auto pattern = Filter::parse("name~'('");
  REQUIRE(!pattern.has_value());
  CHECK(pattern.error().stable_code() == "filter.pattern");
  CHECK(pattern.error().context.starts_with("\"(\": "));
}

TEST_CASE("length and depth are bounded") {
  CHECK(!Filter::parse(std::string(4097, 'a')).has_value());
  CHECK(Filter::parse(std::string(4096, 'a')).has_value());
  CHECK(!Filter::parse(std::string(4096, '(')).has_value());
  CHECK(Filter::parse(std::string(60, '(') + "a" + std::string(60, ')')).has_value());
  std::string nots;
  for (int i = 0; i < 1000; ++i) nots += "not ";
  CHECK(!Filter::parse(nots + "a").has_value());
}
