// The device's side of SSDP on a virtual clock. Searches are as other programs send them; what is
// answered is held against UPnP Device Architecture 2.0, 1.2.2, 1.2.3 and 1.3.3, word by word.
#include "protocol/ssdp/responder.hpp"

#include <doctest/doctest.h>

#include "protocol/ssdp/message.hpp"

using namespace aiot;
using namespace std::chrono_literals;
using net::asio::ip::make_address;

namespace {

constexpr net::TimePoint start{};
const net::asio::ip::udp::endpoint searcher(make_address("192.0.2.9"), 50123);

// As Windows searches for routers.
constexpr std::string_view search_all =
    "M-SEARCH * HTTP/1.1\r\nHost:239.255.255.250:1900\r\nST:ssdp:all\r\n"
    "Man:\"ssdp:discover\"\r\nMX:3\r\n\r\n";
// As gssdp searches (GUPnP).
constexpr std::string_view search_root =
    "M-SEARCH * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nMan: \"ssdp:discover\"\r\n"
    "ST: upnp:rootdevice\r\nMX: 1\r\nUser-Agent: gssdp-discover GSSDP/1.6.2\r\n\r\n";

ssdp::Responder make() {
  ssdp::ResponderOptions options;
  options.udn = "uuid:2fac1234-31f8-11b4-a222-08002b34c003";
  options.device_type = "urn:schemas-upnp-org:device:Basic:2";
  options.server = "unix/5.1 UPnP/2.0 MyProduct/1.0";
  options.places = {{2, "http://192.0.2.1:8080/description.xml"},
                    {3, "http://198.51.100.1:8080/description.xml"}};
  options.boot_id = 7;
  return ssdp::Responder(std::move(options), start);
}

std::vector<net::OutgoingDatagram> take(ssdp::Responder& responder) {
  std::vector<net::OutgoingDatagram> all;
  while (auto out = responder.take_output()) all.push_back(*std::move(out));
  return all;
}

/// A device that has announced itself for the first time.
ssdp::Responder settled() {
  ssdp::Responder responder = make();
  responder.on_timer(start);
  responder.on_timer(start + 1s);
  take(responder);
  return responder;
}

net::Datagram search(std::string_view text, unsigned interface = 2,
                     std::string_view to = "239.255.255.250") {
  const ByteSpan bytes = as_bytes(text);
  return {searcher, {make_address(std::string(to)), 1900}, interface, {bytes.begin(), bytes.end()}};
}

/// The answers to a search, until no more come.
std::vector<std::string> answers(ssdp::Responder& responder, const net::Datagram& datagram) {
  responder.on_datagram(start + 2s, datagram);
  responder.on_timer(start + 7s);
  std::vector<std::string> texts;
  for (const net::OutgoingDatagram& out : take(responder)) {
    CHECK(out.to == searcher);
    CHECK(out.interface == datagram.interface);
    texts.push_back(to_string(out.payload));
  }
  return texts;
}

std::string with(std::string_view text, std::string_view what, std::string_view by) {
  std::string out(text);
  return out.replace(out.find(what), what.size(), by);
}

}  // namespace

TEST_CASE("a root device is announced by three messages on each place, twice, then in good time") {
  ssdp::Responder responder = make();
  CHECK(responder.next_timer() == start);
  responder.on_timer(start);
  auto said = take(responder);
  REQUIRE(said.size() == 6);
  CHECK(said[0].to.address() == make_address("239.255.255.250"));
  CHECK(said[0].to.port() == 1900);
  CHECK(said[0].interface == 2);
  CHECK(to_string(said[0].payload) ==
        "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\n"
        "LOCATION: http://192.0.2.1:8080/description.xml\r\n"
        "SERVER: unix/5.1 UPnP/2.0 MyProduct/1.0\r\nNT: upnp:rootdevice\r\nNTS: ssdp:alive\r\n"
        "USN: uuid:2fac1234-31f8-11b4-a222-08002b34c003::upnp:rootdevice\r\n"
        "BOOTID.UPNP.ORG: 7\r\nCONFIGID.UPNP.ORG: 1\r\n\r\n");
  CHECK(to_string(said[1].payload).find("\r\nUSN: uuid:2fac1234-31f8-11b4-a222-08002b34c003\r\n") !=
        std::string::npos);
  CHECK(to_string(said[2].payload).find("\r\nNT: urn:schemas-upnp-org:device:Basic:2\r\n") !=
        std::string::npos);
  CHECK(said[5].interface == 3);
  CHECK(to_string(said[5].payload).find("LOCATION: http://198.51.100.1:8080/") !=
        std::string::npos);

  const net::TimePoint second = *responder.next_timer();
  CHECK(second < start + 1s);
  responder.on_timer(second);
  CHECK(take(responder).size() == 6);
  CHECK(*responder.next_timer() > second + 7min);
  CHECK(*responder.next_timer() <= second + 15min);
}

TEST_CASE(
    "over IPv6 the group of the link is told, and its searchers are answered with its place") {
  ssdp::ResponderOptions options;
  options.udn = "uuid:2fac1234-31f8-11b4-a222-08002b34c003";
  options.device_type = "urn:schemas-upnp-org:device:Basic:1";
  options.places = {{2, "http://192.0.2.1:8080/description.xml"},
                    {2, "http://[fe80::1]:8080/description.xml", true}};
  ssdp::Responder responder(std::move(options), start);
  responder.on_timer(start);
  auto said = take(responder);
  REQUIRE(said.size() == 6);
  CHECK(said[2].to.address() == make_address("239.255.255.250"));
  CHECK(said[3].to.address() == make_address("ff02::c"));
  CHECK(said[3].to.port() == 1900);
  CHECK(to_string(said[3].payload)
            .starts_with("NOTIFY * HTTP/1.1\r\nHOST: [FF02::C]:1900\r\n"
                         "CACHE-CONTROL: max-age=1800\r\n"
                         "LOCATION: http://[fe80::1]:8080/description.xml\r\n"));
  responder.on_timer(start + 1s);
  take(responder);
  // As gssdp searches over IPv6.
  net::Datagram asked =
      search(with(search_root, "239.255.255.250:1900", "[ff02::c]:1900"), 2, "ff02::c");
  asked.from = {make_address("fe80::9"), 50123};
  responder.on_datagram(start + 2s, asked);
  responder.on_timer(start + 7s);
  said = take(responder);
  REQUIRE(said.size() == 1);
  CHECK(said[0].to == asked.from);
  CHECK(to_string(said[0].payload).find("LOCATION: http://[fe80::1]:8080/") != std::string::npos);
  responder.say_goodbye();
  CHECK(take(responder).size() == 6);
}

TEST_CASE("an answer to a search has the fields that the document wants, within MX") {
  ssdp::Responder responder = settled();
  responder.on_datagram(start + 2s, search(search_root));
  const net::TimePoint due = *responder.next_timer();
  CHECK(due <= start + 3s);
  responder.on_timer(due);
  const auto out = take(responder);
  REQUIRE(out.size() == 1);
  CHECK(to_string(out[0].payload) ==
        "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\n"
        "LOCATION: http://192.0.2.1:8080/description.xml\r\n"
        "SERVER: unix/5.1 UPnP/2.0 MyProduct/1.0\r\nST: upnp:rootdevice\r\n"
        "USN: uuid:2fac1234-31f8-11b4-a222-08002b34c003::upnp:rootdevice\r\n"
        "BOOTID.UPNP.ORG: 7\r\nCONFIGID.UPNP.ORG: 1\r\n\r\n");
}

TEST_CASE("what is searched for decides what answers") {
  ssdp::Responder responder = settled();
  const auto count = [&](std::string_view target) {
    return answers(responder, search(with(search_all, "ssdp:all", target))).size();
  };
  CHECK(count("ssdp:all") == 3);
  CHECK(count("uuid:2fac1234-31f8-11b4-a222-08002b34c003") == 1);
  CHECK(count("uuid:2fac1234-31f8-11b4-a222-08002b34c004") == 0);
  CHECK(count("urn:schemas-upnp-org:device:Basic:2") == 1);
  CHECK(count("urn:schemas-upnp-org:device:Basic:3") == 0);
  CHECK(count("urn:schemas-upnp-org:device:InternetGatewayDevice:1") == 0);
  // An earlier version is answered by its own name (1.3.2).
  const auto earlier = answers(
      responder, search(with(search_all, "ssdp:all", "urn:schemas-upnp-org:device:Basic:1")));
  REQUIRE(earlier.size() == 1);
  CHECK(earlier[0].find("\r\nST: urn:schemas-upnp-org:device:Basic:1\r\n") != std::string::npos);
}

TEST_CASE("a search that is none, or comes from nowhere, is not answered") {
  ssdp::Responder responder = settled();
  CHECK(answers(responder, search(with(search_all, "MX:3\r\n", ""))).empty());
  CHECK(answers(responder, search(with(search_all, "MX:3", "MX:-1"))).empty());
  CHECK(answers(responder, search(with(search_all, "\"ssdp:discover\"", "ssdp:discover"))).empty());
  CHECK(answers(responder, search(with(search_all, "M-SEARCH", "NOTIFY"))).empty());
  CHECK(answers(responder, search(search_all, 4)).empty());
  CHECK(answers(responder, search(search_all, 3))[0].find("//198.51.100.1:") != std::string::npos);
}

TEST_CASE("a search of this device alone is answered at once, without MX (1.3.2)") {
  ssdp::Responder responder = settled();
  responder.on_datagram(start + 2s, search(with(search_root, "MX: 1\r\n", ""), 2, "192.0.2.1"));
  CHECK(responder.next_timer() == start + 2s);
}

TEST_CASE("a flood of searches is bounded") {
  ssdp::Responder responder = settled();
  for (int i = 0; i < 1000; ++i) responder.on_datagram(start + 2s, search(search_all));
  responder.on_timer(start + 7s);
  CHECK(take(responder).size() == ssdp::Responder::max_pending);
}

TEST_CASE("goodbye, and silence") {
  ssdp::Responder responder = settled();
  responder.on_datagram(start + 2s, search(search_all));
  responder.say_goodbye();
  const auto out = take(responder);
  REQUIRE(out.size() == 6);
  CHECK(to_string(out[1].payload) ==
        "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
        "NT: uuid:2fac1234-31f8-11b4-a222-08002b34c003\r\nNTS: ssdp:byebye\r\n"
        "USN: uuid:2fac1234-31f8-11b4-a222-08002b34c003\r\n"
        "BOOTID.UPNP.ORG: 7\r\nCONFIGID.UPNP.ORG: 1\r\n\r\n");
  CHECK_FALSE(responder.next_timer().has_value());
  CHECK(answers(responder, search(search_all)).empty());
  responder.say_goodbye();
  CHECK(take(responder).empty());
}

TEST_CASE("a description is written as it is read, whatever is in its texts") {
  ssdp::Description description;
  description.udn = "uuid:1";
  description.device_type = "urn:schemas-upnp-org:device:Basic:1";
  description.friendly_name = "Salt & <Pepper>";
  const std::string xml = ssdp::format_description(description);
  CHECK(xml.find("<friendlyName>Salt &amp; &lt;Pepper&gt;</friendlyName>") != std::string::npos);
  CHECK(xml.find("manufacturer") == std::string::npos);
  const auto parsed = ssdp::parse_description(xml);
  REQUIRE(parsed.has_value());
  CHECK(parsed->friendly_name == "Salt & <Pepper>");
  CHECK(parsed->udn == "uuid:1");
}
