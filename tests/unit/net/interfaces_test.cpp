#include "net/interfaces.hpp"

#include <doctest/doctest.h>
#include <net/if.h>

#include <algorithm>

#include "network_namespace.hpp"
#include "show.hpp"
#include "skip.hpp"

using namespace aiot;
using namespace aiot::net;
using asio::ip::make_address;

namespace {

const MacAddress espressif = {0x24, 0x0A, 0xC4, 0x00, 0x00, 0x01};

const InterfaceAddress* find(const Interface& interface, bool v6) {
  for (const InterfaceAddress& address : interface.addresses) {
    if (address.address.is_v6() == v6) return &address;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a MAC address is written in lower case with colons") {
  CHECK(mac_text(espressif) == "24:0a:c4:00:00:01");
}

TEST_CASE("interfaces that are up are listed with their addresses") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/20"));
  REQUIRE(network.ip("link add down0 type veth peer name down1"));

  REQUIRE(network.ip("link set dev0 address 24:0a:c4:00:00:01"));
  auto listed = list_interfaces();
  REQUIRE(listed);
  REQUIRE(listed->size() == 2);  // what is down, or has no address, is not there
  const std::vector<std::string> names = interface_names();
  for (const char* name : {"lo", "dev0", "down0", "down1"}) {
    CHECK_MESSAGE(std::find(names.begin(), names.end(), name) != names.end(), name);
  }

  const Interface& lo = listed->at(0);
  CHECK(lo.name == "lo");
  CHECK(lo.loopback);
  CHECK(lo.mac == MacAddress{});

  const Interface& dev0 = listed->at(1);
  CHECK(dev0.name == "dev0");
  CHECK(dev0.index == ::if_nametoindex("dev0"));
  CHECK(!dev0.loopback);
  CHECK(dev0.multicast);
  CHECK(dev0.mac == espressif);
  const InterfaceAddress* v4 = find(dev0, false);
  REQUIRE(v4 != nullptr);
  CHECK(v4->address == make_address("10.77.0.1"));
  CHECK(v4->prefix_bits == 20);
  CHECK(v4->broadcast == asio::ip::make_address_v4("10.77.15.255"));
  if (const InterfaceAddress* v6 = find(dev0, true)) {
    CHECK(v6->address.to_v6().is_link_local());
    CHECK(v6->address.to_v6().scope_id() == dev0.index);
    CHECK(v6->prefix_bits == 64);
    CHECK(!v6->broadcast);
  }
}

TEST_CASE("the kernel's neighbour table says which MAC address is behind an IP address") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  REQUIRE(network.add_interface("dev1", "10.78.0.1/24"));
  const auto add = [&](const std::string& what) { return network.ip("neighbour add " + what); };
  REQUIRE(add("10.77.0.7 lladdr 24:0a:c4:00:00:01 dev dev0 nud reachable"));
  REQUIRE(add("10.77.0.8 lladdr 24:0a:c4:00:00:02 dev dev0 nud stale"));
  CHECK(neighbour_of(make_address("10.77.0.7")) == espressif);
  CHECK(neighbour_of(make_address("10.77.0.8")) == MacAddress{0x24, 0x0A, 0xC4, 0x00, 0x00, 0x02});
  CHECK(!neighbour_of(make_address("10.77.0.9")));
  CHECK(!neighbour_of(make_address("10.77.0.1")));

  if (!add("fe80::7 lladdr 24:0a:c4:00:00:01 dev dev1 nud permanent")) return;  // no IPv6 here
  const auto v6 = [](const char* device) {
    asio::ip::address_v6 address = asio::ip::make_address_v6("fe80::7");
    address.scope_id(*device == '\0' ? 0 : ::if_nametoindex(device));
    return neighbour_of(address);
  };
  CHECK(v6("dev1") == espressif);
  CHECK(v6("") == espressif);
  CHECK(!v6("dev0"));
}

TEST_CASE("a neighbour table of hundreds is read to its end") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/16"));
  REQUIRE(network.ip(
      "-batch - <<END >/dev/null 2>&1\n$(for a in 1 2 3; do for b in $(seq 1 250); do echo "
      "neighbour add 10.77.$a.$b lladdr 24:0a:c4:00:0$a:$(printf %02x $b) dev dev0 nud permanent; "
      "done; done)\nEND"));
  CHECK(neighbour_of(make_address("10.77.3.250")) ==
        MacAddress{0x24, 0x0A, 0xC4, 0x00, 0x03, 0xFA});
  CHECK(neighbour_of(make_address("10.77.1.1")) == MacAddress{0x24, 0x0A, 0xC4, 0x00, 0x01, 0x01});
}
