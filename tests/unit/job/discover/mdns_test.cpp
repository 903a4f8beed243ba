#include <doctest/doctest.h>

#include <algorithm>

#include "aiot/address.hpp"
#include "job/discover/ble.hpp"
#include "job/discover/mdns.hpp"
#include "job/discover/registry.hpp"
#include "room.hpp"
#include "seen.hpp"
#include "unit/net/show.hpp"
#include "unit/protocol/dnssd/captures.hpp"

using namespace aiot;
using namespace aiot::discover;

namespace {

/// What is said of a service with these attributes.
Observation observe(const std::string& instance, const std::string& host,
                    std::vector<dnssd::Attribute> attributes) {
  dnssd::Service service;
  service.instance = dnssd::Name(instance + ".local");
  service.host = dnssd::Name(host + ".local");
  service.port = 1234;
  service.attributes = std::move(attributes);
  service.addresses = {boost::asio::ip::make_address("192.168.1.40")};
  return observe_service(service);
}

std::uint64_t number_fact(const Observation& seen, std::string_view name) {
  const std::optional<Value> value = find_fact(seen, name);
  const auto* number = value ? std::get_if<std::uint64_t>(&value->storage()) : nullptr;
  return number ? *number : 0;
}

bool has_job(const Observation& seen, std::string_view job) {
  return std::find(seen.jobs.begin(), seen.jobs.end(), job) != seen.jobs.end();
}

Packet packet(ByteSpan payload) {
  Packet out;
  out.from_address = "10.77.0.1";
  out.from_port = 5353;
  out.from_mac = "02:00:00:00:00:01";
  out.payload = payload;
  return out;
}

}  // namespace

TEST_CASE("avahi's announcement in a capture: two services of one host") {
  const Bytes payload = *from_hex(dnssd::capture::announcement);
  const std::vector<Observation> seen = observe("mdns", packet(payload));
  REQUIRE(seen.size() == 2);
  const Observation& bulb = seen[0];
  CHECK(bulb.source == "mdns");
  CHECK(!bulb.gone);
  CHECK(has_identity(bulb, IdentityKind::instance, "Bulb \xC3\xA9._hap._tcp.local"));
  CHECK(has_identity(bulb, IdentityKind::host, "workshop.local"));
  CHECK(has_identity(bulb, IdentityKind::address, "10.77.0.1"));
  CHECK(has_identity(bulb, IdentityKind::address, "fe80::ff:fe00:1"));
  CHECK(has_identity(bulb, IdentityKind::hardware_id, "AA:BB:CC:DD:EE:01"));
  CHECK(has_identity(bulb, IdentityKind::mac, "02:00:00:00:00:01"));  // the sender's
  CHECK(text_fact(bulb, "ecosystem") == "Apple");
  CHECK(text_fact(bulb, "state") == "unprovisioned");
  CHECK(text_fact(bulb, "mdns.txt.ci") == "5");
  CHECK(has_job(bulb, "pair"));
  REQUIRE(bulb.addresses.size() == 1);
  CHECK(bulb.addresses.front().starts_with("homekit://10.77.0.1:"));
  const Observation& lamp = seen[1];
  CHECK(text_fact(lamp, "name") == "Lamp, kitchen");
  CHECK(lamp.addresses == std::vector<std::string>{"http://10.77.0.1:8080"});
}

TEST_CASE("what is not multicast DNS, or says nothing, is nobody's") {
  for (const auto hex : {dnssd::capture::probe, dnssd::capture::legacy_query}) {
    const Bytes payload = *from_hex(hex);
    CHECK(observe("mdns", packet(payload)).empty());
  }
  const Bytes payload = *from_hex(dnssd::capture::announcement);
  Packet other_port = packet(payload);
  other_port.from_port = 53;
  CHECK(observe("mdns", other_port).empty());
  CHECK(observe("mdns", packet(ByteSpan(payload).first(100))).empty());
  // The MAC of one who only passes on what others said is not theirs.
  Packet reflected = packet(payload);
  reflected.from_address = "10.77.0.2";
  CHECK(!has_identity(observe("mdns", reflected)[0], IdentityKind::mac, "02:00:00:00:00:01"));
}

// Names and attributes of the examples in section 4.3 of the Matter Core Specification 1.3.
TEST_CASE("Matter, before and after it is commissioned") {
  const Observation open = observe("DD200C20D25AE5F7._matterc._udp", "B75AFB458ECD",
                                   {{"D", "840"},
                                    {"VP", "123+456"},
                                    {"CM", "1"},
                                    {"DT", "81"},
                                    {"DN", "Kitchen Plug"},
                                    {"PH", "256"},
                                    {"PI", "5"}});
  CHECK(text_fact(open, "ecosystem") == "Matter");
  CHECK(text_fact(open, "state") == "unprovisioned");
  CHECK(text_fact(open, "name") == "Kitchen Plug");
  CHECK(number_fact(open, "discriminator") == 840);
  CHECK(number_fact(open, "vendor_id") == 123);
  CHECK(number_fact(open, "product_id") == 456);
  CHECK(has_job(open, "pair"));
  CHECK(has_identity(open, IdentityKind::hardware_id, "DD200C20D25AE5F7"));
  CHECK(text_fact(open, "mdns.matter_instance") == "DD200C20D25AE5F7");
  CHECK(open.addresses == std::vector<std::string>{"matter:192.168.1.40:1234?discriminator=840"});
  // B7 is a group bit set: what looks like a MAC address cannot be one.
  CHECK(std::none_of(open.identities.begin(), open.identities.end(),
                     [](const Identity& i) { return i.kind == IdentityKind::mac; }));

  const Observation reopened = observe("DD200C20D25AE5F7._matterc._udp", "240AC4000001",
                                       {{"D", "840"}, {"CM", "2"}, {"VP", "123"}});
  CHECK(text_fact(reopened, "state") == "provisioned");
  CHECK(number_fact(reopened, "vendor_id") == 123);
  CHECK(!find_fact(reopened, "product_id"));
  CHECK(has_identity(reopened, IdentityKind::mac, "24:0a:c4:00:00:01"));

  const Observation closed = observe("DD200C20D25AE5F7._matterc._udp", "240AC4000001",
                                     {{"D", "x"}, {"CM", "0"}, {"VP", "+"}});
  CHECK(!has_job(closed, "pair"));
  CHECK(!find_fact(closed, "discriminator"));
  CHECK(!find_fact(closed, "vendor_id"));

  const Observation node =
      observe("2906C908D115D362-8FC7772401CD0696._matter._tcp", "B75AFB458ECD", {{"SII", "5000"}});
  CHECK(text_fact(node, "state") == "provisioned");
  CHECK(text_fact(node, "mdns.matter_fabric") == "2906C908D115D362");
}

TEST_CASE("a Matter device on IPv6 alone has an address too") {
  dnssd::Service service;
  service.instance = dnssd::Name("DD200C20D25AE5F7._matterc._udp.local");
  service.host = dnssd::Name("B75AFB458ECD.local");
  service.port = 5540;
  CHECK(observe_service(service).addresses.empty());  // nobody knows yet where it is
  boost::asio::ip::address_v6 link_local = boost::asio::ip::make_address_v6("fe80::7");
  link_local.scope_id(0x7FFFFFFF);  // of no interface: written as a number
  service.addresses = {link_local};
  const Observation seen = observe_service(service);
  REQUIRE(seen.addresses == std::vector<std::string>{"matter:[fe80::7%252147483647]:5540"});
  const auto address = parse_address(seen.addresses[0]);
  REQUIRE(address);
  CHECK(address->path == "[fe80::7%2147483647]:5540");
  CHECK(address->str() == seen.addresses[0]);
}

TEST_CASE("ids and MAC addresses where protocols put them") {
  const auto mac_of = [](const std::string& instance, std::vector<dnssd::Attribute> attributes) {
    return text_fact(observe(instance, "box", std::move(attributes)), "mac");
  };
  CHECK(mac_of("kitchen._esphomelib._tcp", {{"mac", "441793D69718"}}) == "44:17:93:d6:97:18");
  CHECK(mac_of("shellyplus1pm-441793d69718._shelly._tcp", {{"gen", "2"}}) == "44:17:93:d6:97:18");
  CHECK(mac_of("shelly1-D69718._shelly._tcp", {}).empty());
  CHECK(mac_of("Hue Bridge._hue._tcp", {{"bridgeid", "001788fffe4a5b6c"}}) == "00:17:88:4a:5b:6c");
  CHECK(mac_of("Hue Bridge._hue._tcp", {{"bridgeid", "0017880000000000"}}).empty());
  CHECK(mac_of("TV._airplay._tcp", {{"deviceid", "58:D3:49:00:00:01"}}) == "58:d3:49:00:00:01");
  CHECK(mac_of("58D349000001@TV._raop._tcp", {}) == "58:d3:49:00:00:01");
  CHECK(mac_of("lumi-gateway-v3_miio57500456._miio._udp", {{"epoch", "1:mac=f0b429cc0001:"}}) ==
        "f0:b4:29:cc:00:01");
  CHECK(mac_of("workshop [02:00:00:00:00:01]._workstation._tcp", {}) == "02:00:00:00:00:01");
  CHECK(mac_of("x._esphomelib._tcp", {{"mac", "\x1b[2J"}}).empty());

  const Observation miio = observe("lumi-gateway-v3_miio57500456._miio._udp", "box", {});
  CHECK(text_fact(miio, "ecosystem") == "Xiaomi Mi Home");
  CHECK(text_fact(miio, "model") == "lumi.gateway.v3");
  CHECK(has_identity(miio, IdentityKind::hardware_id, "57500456"));
  CHECK(miio.addresses == std::vector<std::string>{"miio://192.168.1.40"});
  const Observation router =
      observe("OpenThread._meshcop._udp", "box", {{"xa", "\x01\x02\x03\x04\x05\x06\x07\xFF"}});
  CHECK(has_identity(router, IdentityKind::hardware_id, "01020304050607ff"));
  const Observation cast = observe("Chromecast-0123._googlecast._tcp", "box",
                                   {{"id", "0123"}, {"fn", "Living room"}, {"md", "Chromecast"}});
  CHECK(text_fact(cast, "name") == "Living room");
  CHECK(text_fact(cast, "model") == "Chromecast");
}

TEST_CASE("an unknown service is reported as it is, hostile bytes included") {
  const Observation seen = observe("\x1b[31mred._new-thing._tcp", "box",
                                   {{"key", std::nullopt}, {"bytes", std::string("\0\xFF", 2)}});
  CHECK(text_fact(seen, "name") == "\x1b[31mred");  // escaped where it is printed
  CHECK(text_fact(seen, "mdns.service") == "_new-thing._tcp");
  CHECK(text_fact(seen, "ecosystem").empty());
  CHECK(text_fact(seen, "mdns.txt.bytes") == std::string("\0\xFF", 2));
  CHECK(std::get<bool>(find_fact(seen, "mdns.txt.key")->storage()));
  CHECK(seen.addresses.empty());
}

TEST_CASE("addresses are what other commands take, IPv4 before IPv6") {
  dnssd::Service service;
  service.instance = dnssd::Name("x._mqtt._tcp.local");
  service.host = dnssd::Name("x.local");
  service.port = 1883;
  CHECK(observe_service(service).addresses.empty());
  service.addresses = {boost::asio::ip::make_address("fe80::1"),
                       boost::asio::ip::make_address("2001:db8::1")};
  const Observation v6 = observe_service(service);
  REQUIRE(v6.addresses.size() == 1);
  CHECK(v6.addresses[0] == "mqtt://[2001:db8::1]:1883");
  CHECK(parse_address(v6.addresses[0]));
  CHECK(has_job(v6, "listen"));
}

TEST_CASE("the types are in the order of their names, each once") {
  const auto types = mdns_types();
  CHECK(std::is_sorted(types.begin(), types.end(),
                       [](const MdnsType& a, const MdnsType& b) { return a.type < b.type; }));
  for (const MdnsType& type : types) {
    CHECK(dnssd::is_type(dnssd::Name(std::string(type.type) + ".local")));
    CHECK(find_mdns_type(type.type) == &type);
    CHECK((type.ecosystem.empty() ? type.confidence == 0 : type.confidence > 0));
  }
}

namespace {

using dnssd::Message;
using dnssd::Name;
using dnssd::Record;

dnssd::Strings strings(const std::vector<std::string>& texts) {
  dnssd::Strings out;
  for (const std::string& text : texts) out.emplace_back(text.begin(), text.end());
  return out;
}

/// One service in a packet of its own, with no address in it.
Bytes announced(const std::string& instance, const std::string& host,
                const std::vector<std::string>& texts) {
  const Name name(instance + ".local");
  Message message;
  message.response = true;
  message.answers = {Record{name.parent(), dnssd::PTR, false, 4500, dnssd::Pointer{name}},
                     Record{name, dnssd::TXT, true, 4500, strings(texts)}};
  if (!host.empty()) {
    message.answers.push_back(
        Record{name, dnssd::SRV, true, 120, dnssd::Location{0, 0, 443, Name(host + ".local")}});
  }
  return dnssd::encode(message);
}

}  // namespace

// A Hue bridge announces _hue._tcp and _hap._tcp as two hosts, and says of HomeKit that it is not paired.
TEST_CASE("a packet's source address makes one device of a bridge's services") {
  room::Lan network;
  Registry registry(network.network());
  const Bytes hue = announced("Hue Bridge - 4A5B6C._hue._tcp", "0017884a5b6c",
                              {"bridgeid=001788fffe4a5b6c", "modelid=BSB002"});
  const Bytes hap = announced("Philips hue - 4A5B6C._hap._tcp", "Philips-hue",
                              {"id=AA:BB:CC:DD:EE:01", "md=BSB002", "sf=1", "ci=2"});
  const Bytes info = announced("Philips hue - 4A5B6C._device-info._tcp", "", {"model=BSB002"});
  for (const Bytes* payload : {&info, &hap, &hue}) {
    Packet heard = packet(*payload);
    heard.from_mac.clear();
    for (Observation& seen : observe("mdns", heard)) registry.add(std::move(seen), {});
  }
  const std::vector<Change> changes = registry.take_changes();
  REQUIRE(registry.size() == 1);
  const DeviceRecord& bridge = *changes.back().record;
  CHECK(bridge.state == DeviceState::provisioned);
  CHECK(bridge.ecosystem == "Philips Hue");
  CHECK(bridge.macs == std::vector<std::string>{"00:17:88:4a:5b:6c"});
  // An accessory that is HomeKit's alone waits to be paired.
  const Observation lock = observe("Lock._hap._tcp", "lock", {{"id", "AA:BB:CC:DD:EE:02"}, {"sf", "1"}});
  CHECK(text_fact(lock, "state") == "unprovisioned");
}

// The advert is that of aiohomekit's tests/test_ble_controller.py; its id is the one that _hap._tcp has.
TEST_CASE("a HomeKit id makes one device of two addresses, and of IP and BLE") {
  room::Lan network;
  Registry registry(network.network());
  const auto hear = [&](const std::string& id, const std::string& host, const std::string& from) {
    const Bytes payload =
        announced(host + "._hap._tcp", host, {"id=" + id, "md=Lamp", "sf=1", "ci=5"});
    Packet heard = packet(payload);
    heard.from_address = from;
    heard.from_mac.clear();
    for (Observation& seen : observe("mdns", heard)) registry.add(std::move(seen), {});
  };
  hear("80:E7:14:6A:37:34", "lamp", "10.77.0.1");
  hear("80:E7:14:6A:37:34", "lamp-2", "10.77.0.2");
  CHECK(registry.size() == 1);
  hear("80:E7:14:6A:37:35", "lamp-3", "10.77.0.3");
  CHECK(registry.size() == 2);
  ble::Advert advert;
  advert.address = {0xC1, 2, 3, 4, 5, 6};
  advert.kind = ble::AddressKind::random_address;
  ble::add_advertising_data(*from_hex("12FF4C0006310080e7146a373406009f2104023cb9eb0e"), advert);
  BleObserver observer;
  registry.add(observer.observe(advert), {});
  CHECK(registry.size() == 2);
}
