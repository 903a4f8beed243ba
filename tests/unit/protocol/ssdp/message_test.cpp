// Messages as UPnP Device Architecture 2.0 has them (1.2.2, 1.2.3, 1.3.2, 1.3.3), filled in as
// devices do.
#include "protocol/ssdp/message.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using ssdp::Message;

namespace {

Result<Message> parse(std::string_view text) { return ssdp::parse_message(as_bytes(text)); }

}  // namespace

TEST_CASE("an answer to a search") {
  const auto message = parse(
      "HTTP/1.1 200 OK\r\n"
      "CACHE-CONTROL: max-age=100\r\n"
      "EXT:\r\n"
      "LOCATION: http://192.168.1.23:49152/description.xml\r\n"
      "SERVER: Linux/3.14.0 UPnP/1.0 IpBridge/1.50.0\r\n"
      "hue-bridgeid: 001788FFFE23A5B1\r\n"
      "ST: upnp:rootdevice\r\n"
      "USN: uuid:2f402f80-da50-11e1-9b23-00178823a5b1::upnp:rootdevice\r\n\r\n");
  REQUIRE(message.has_value());
  CHECK(message->kind == Message::Kind::answer);
  CHECK(message->target() == "upnp:rootdevice");
  CHECK(message->udn() == "uuid:2f402f80-da50-11e1-9b23-00178823a5b1");
  CHECK(message->max_age() == std::chrono::seconds(100));
  CHECK(message->header("location") == "http://192.168.1.23:49152/description.xml");
  CHECK(message->header("ext").empty());
  CHECK(message->headers.contains("hue-bridgeid"));
}

TEST_CASE("announcements") {
  const std::string alive =
      "NOTIFY * HTTP/1.1\r\n"
      "HOST: 239.255.255.250:1900\r\n"
      "CACHE-CONTROL: max-age = 1800\r\n"
      "LOCATION: http://192.168.1.40:80/d.xml\r\n"
      "NT: urn:schemas-upnp-org:device:MediaRenderer:1\r\n"
      "NTS: ssdp:alive\r\n"
      "SERVER: unix/5.1 UPnP/2.0 MyProduct/1.0\r\n"
      "USN: "
      "uuid:4d454930-0000-1000-8000-aabbccddeeff::urn:schemas-upnp-org:device:MediaRenderer:1\r\n"
      "BOOTID.UPNP.ORG: 1\r\nCONFIGID.UPNP.ORG: 2\r\n\r\n";
  const auto message = parse(alive);
  REQUIRE(message.has_value());
  CHECK(message->kind == Message::Kind::alive);
  CHECK(message->target() == "urn:schemas-upnp-org:device:MediaRenderer:1");
  CHECK(message->max_age() == std::chrono::seconds(1800));
  std::string bye = alive;
  bye.replace(bye.find("ssdp:alive"), 10, "ssdp:byebye");
  CHECK(parse(bye)->kind == Message::Kind::byebye);
  bye.replace(bye.find("ssdp:byebye"), 11, "ssdp:update");
  CHECK(parse(bye)->kind == Message::Kind::update);
  bye.replace(bye.find("ssdp:update"), 11, "ssdp:strange");
  CHECK_FALSE(parse(bye).has_value());
}

TEST_CASE("what devices get wrong is understood") {
  const auto message = parse(
      "http/1.0 200 ok\nCache-Control:max-age=5, private\nst:ssdp:all\nusn: uuid:A\nno colon "
      "here\n: x\n"
      "Location:\thttp://h/\t \n\nbody: not a header\n");
  REQUIRE(message.has_value());
  CHECK(message->udn() == "uuid:A");
  CHECK(message->header("location") == "http://h/");
  CHECK(message->max_age() == std::chrono::seconds(5));
  CHECK_FALSE(message->headers.contains("body"));
  CHECK(parse("HTTP/1.1 200 OK\r\nUSN: no uuid\r\nCACHE-CONTROL: max-age=99999999999\r\n")
            ->udn()
            .empty());
}

TEST_CASE("what is no message, or has no end, is refused") {
  for (const char* text : {"", "\r\n", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\n\r\n",
                           "NOTIFY * HTTP/1.1\r\n\r\n", "\x00\xff\x80"}) {
    CAPTURE(text);
    CHECK_FALSE(parse(text).has_value());
  }
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 100; ++i) many += "X" + std::to_string(i) + ": 1\r\n";
  CHECK(parse(many).error().code == make_error_code(ssdp::Errc::too_large));
  CHECK(parse(std::string(9000, 'A')).error().code == make_error_code(ssdp::Errc::too_large));
}

TEST_CASE("a search reads as the standard writes it") {
  CHECK(ssdp::search("239.255.255.250:1900", "ssdp:all", 1) ==
        "M-SEARCH * HTTP/1.1\r\n"
        "HOST: 239.255.255.250:1900\r\n"
        "MAN: \"ssdp:discover\"\r\n"
        "MX: 1\r\n"
        "ST: ssdp:all\r\n\r\n");
  CHECK(parse(ssdp::search("h", "ssdp:all", 1))->kind == Message::Kind::search);
}
