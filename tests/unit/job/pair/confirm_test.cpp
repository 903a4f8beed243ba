#include "job/pair/confirm.hpp"

#include <doctest/doctest.h>

namespace aiot::pair::test {
namespace {

net::asio::ip::address ip(const char* text) { return net::asio::ip::make_address(text); }

dnssd::Service service(const char* instance, const char* host, const char* address) {
  dnssd::Service out;
  out.instance = *dnssd::Name::parse(instance);
  out.host = *dnssd::Name::parse(host);
  out.addresses = {ip(address)};
  return out;
}

}  // namespace

TEST_CASE("confirm: by what a device is found again") {
  PairResult result;
  result.id = "24:0A:C4:00:00:01";
  result.name = "Lamp-3";
  result.ip = "192.0.2.7";
  const Sought sought = sought_of(result);
  REQUIRE(sought.macs.size() == 1);
  CHECK(net::mac_text(sought.macs[0]) == "24:0a:c4:00:00:01");
  CHECK(sought.ip == ip("192.0.2.7"));

  Sought by_mac{{}, sought.macs, "", {}, {}};
  CHECK(is_sought(service("x._http._tcp.local", "esp-240AC4000001.local", "192.0.2.9"), by_mac));
  CHECK(!is_sought(service("x._http._tcp.local", "esp-240ac4000002.local", "192.0.2.9"), by_mac));
  dnssd::Service with_text = service("x._http._tcp.local", "x.local", "192.0.2.9");
  with_text.attributes = {{"mac", "24-0A-C4-00-00-01"}};
  CHECK(is_sought(with_text, by_mac));

  Sought by_name{{}, {}, "Lamp-3", {}, {}};
  CHECK(is_sought(service("lamp 3._hap._tcp.local", "x.local", "192.0.2.9"), by_name));
  CHECK(is_sought(service("x._hap._tcp.local", "lamp-3.local", "192.0.2.9"), by_name));
  CHECK(!is_sought(service("lamp 33._hap._tcp.local", "lamp-33.local", "192.0.2.9"), by_name));

  Sought by_ip{ip("192.0.2.7"), {}, "", {}, {}};
  CHECK(is_sought(service("x._hap._tcp.local", "x.local", "192.0.2.7"), by_ip));
  CHECK(!is_sought(service("x._hap._tcp.local", "x.local", "192.0.2.8"), by_ip));

  result = {};
  result.id = "PROV_12AB34";
  CHECK(sought_of(result).empty());
}

TEST_CASE("confirm: an ESP device whose access point alone was seen") {
  // esp_read_mac(): the access point's follows the station's; ESP8266 sets the local bit instead.
  Clues clues;
  clues.access_point = {0x24, 0x0a, 0xc4, 0x12, 0xab, 0x35};
  PairResult result;
  Sought sought = sought_of(result, clues);
  CHECK(sought.has_mac({0x24, 0x0a, 0xc4, 0x12, 0xab, 0x34}));
  // What the neighbour table still has of the access point is not the device on the network.
  CHECK(!sought.has_mac(*clues.access_point));
  clues.access_point = {0x5e, 0xcf, 0x7f, 0x12, 0xab, 0x34};
  CHECK(sought_of(result, clues).has_mac({0x5c, 0xcf, 0x7f, 0x12, 0xab, 0x34}));

  result.name = "PROV_12AB34";
  sought = sought_of(result);
  CHECK(sought.has_mac({0x24, 0x0a, 0xc4, 0x12, 0xab, 0x34}));
  CHECK(!sought.has_mac({0x24, 0x0a, 0xc4, 0x12, 0xab, 0x35}));
  CHECK(is_sought(service("x._http._tcp.local", "espressif-12ab34.local", "192.0.2.9"), sought));
  dnssd::Service with_text = service("x._http._tcp.local", "x.local", "192.0.2.9");
  with_text.attributes = {{"uuid", "0012ab3400"}};
  CHECK(!is_sought(with_text, sought));
  result.name = "PROV_LAMP01";
  CHECK(!sought_of(result).mac_end);
}

TEST_CASE("confirm: a miIO device by the reply to a hello") {
  const net::Neighbours nobody;
  const miio::HelloReply reply{0x01234567, 3600, {}};
  Clues clues;
  clues.miio_id = 0x01234567;
  CHECK(is_sought(reply, ip("192.0.2.9"), nobody, sought_of({}, clues)));
  clues.miio_id = 0x01234568;
  PairResult result;
  result.ip = "192.0.2.9";  // another device has its address
  CHECK(!is_sought(reply, ip("192.0.2.9"), nobody, sought_of(result, clues)));
  CHECK(is_sought(reply, ip("192.0.2.9"), nobody, sought_of(result)));
  CHECK(!is_sought(reply, ip("192.0.2.8"), nobody, sought_of(result)));
}

TEST_CASE("confirm: an address on one of this host's networks") {
  net::Interface wlan;
  wlan.addresses = {{ip("192.168.5.20"), 22, {}}, {ip("fd00:1::5"), 64, {}}};
  const std::vector<net::Interface> interfaces = {wlan};
  CHECK(is_near(ip("192.168.5.20"), interfaces));
  CHECK(is_near(ip("192.168.7.255"), interfaces));
  CHECK(!is_near(ip("192.168.8.1"), interfaces));
  CHECK(is_near(ip("fd00:1::99"), interfaces));
  CHECK(!is_near(ip("fd00:2::5"), interfaces));
  CHECK(is_near(ip("127.0.0.1"), interfaces));
}

}  // namespace aiot::pair::test
