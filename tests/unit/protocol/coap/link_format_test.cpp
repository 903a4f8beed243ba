#include "protocol/coap/link_format.hpp"

#include <doctest/doctest.h>

#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::coap;

// RFC 6690, section 5.
TEST_CASE("the examples of RFC 6690") {
  const auto links = parse_links(
      "</sensors>;ct=40;title=\"Sensor Index\","
      "</sensors/temp>;rt=\"temperature-c\";if=\"sensor\","
      "</sensors/light>;rt=\"light-lux\";if=\"sensor\","
      "<http://www.example.com/sensors/t123>;anchor=\"/sensors/temp\""
      ";rel=\"describedby\","
      "</t>;anchor=\"/sensors/temp\";rel=\"alternate\"");
  REQUIRE(links);
  REQUIRE(links->size() == 5);
  CHECK(links->at(0).target == "/sensors");
  CHECK(*links->at(0).find("ct") == "40");
  CHECK(*links->at(0).find("title") == "Sensor Index");
  CHECK(*links->at(1).find("rt") == "temperature-c");
  CHECK(links->at(3).target == "http://www.example.com/sensors/t123");
  CHECK(*links->at(3).find("rel") == "describedby");
  CHECK(links->at(4).find("rt") == nullptr);

  const auto firmware = parse_links("</firmware/v2.1>;rt=\"firmware\";sz=262144");
  REQUIRE(firmware);
  CHECK(*firmware->front().find("sz") == "262144");
}

TEST_CASE("quotes hide separators, blanks are allowed, flags have no value") {
  const auto links =
      parse_links("</a>;title=\"x, \\\"y\\\"; <z>\";obs , </b> ; rt=plain;if=\"\"\r\n,<>");
  REQUIRE(links);
  REQUIRE(links->size() == 3);
  CHECK(*links->at(0).find("title") == "x, \"y\"; <z>");
  CHECK(*links->at(0).find("obs") == "");
  CHECK(*links->at(1).find("rt") == "plain");
  CHECK(links->at(2).target == "");
  CHECK(parse_links("")->empty());
  CHECK(parse_links(" \n")->empty());
}

TEST_CASE("what is no list of links") {
  for (const char* text : {"/a", "</a", "</a>;", "</a>;=x", "</a>;t=\"x", "</a>;t=\"x\\", "</a>,",
                           "</a></b>", "</a>x", "</a>;t=\"x\"y"}) {
    const auto links = parse_links(text);
    CHECK_MESSAGE(!links, text);
  }
  std::string many;
  for (int i = 0; i < 300; ++i) many += "</a>,";
  CHECK(!parse_links(many + "</a>"));
  std::string wide = "</a>";
  for (int i = 0; i < 40; ++i) wide += ";a";
  CHECK(!parse_links(wide));
}

TEST_CASE("written lists read back") {
  const std::string text =
      "</a>;rt=\"light core.s\";ct=0;obs,</b c>;title=\"say \\\"hi\\\" \\\\ there\"";
  const auto links = parse_links(text);
  REQUIRE(links);
  CHECK(format_links(*links) == text);
}

// RFC 6690, section 4.1.
TEST_CASE("filters") {
  const Link link{
      "/sensors/light",
      {{"rt", "light-lux core.sen-light"}, {"if", "sensor"}, {"title", "The light"}, {"obs", ""}}};
  CHECK(matches_filter(link, "rt=light-lux"));
  CHECK(matches_filter(link, "rt=core.*"));
  CHECK(matches_filter(link, "href=/sensors*"));
  CHECK(matches_filter(link, "href=/sensors/light"));
  CHECK(matches_filter(link, "title=The light"));
  CHECK(matches_filter(link, "obs="));
  CHECK(matches_filter(link, "nothing known"));
  CHECK(!matches_filter(link, "rt=light"));
  CHECK(!matches_filter(link, "title=The"));
  CHECK(!matches_filter(link, "sz=1"));
  CHECK(!matches_filter(link, "href=/t*"));
}
