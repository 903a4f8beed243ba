#include "job/discover/registry.hpp"

#include <doctest/doctest.h>

#include "room.hpp"

using namespace room;

TEST_CASE("what several sources see of one MAC is one device, told once and then changed") {
  Lan network;
  network.neighbours["192.0.2.7"] = "24:0A:C4:00:00:01";
  Registry registry(network.network());
  Ledger ledger(registry);

  registry.add(seen("ble", {mac("24:0a:c4:00:00:01")}, {{"rssi_dbm", -50}}), at(1));
  const auto found = ledger.take();
  REQUIRE(found.size() == 1);
  const std::string id = found[0].id;
  CHECK(id.size() == 12);

  registry.add(seen("mdns", {instance("Lamp._http._tcp.local"), ip("192.0.2.7")},
                    {{"name", "Lamp", 0.9}, {"host", "lamp.local"}}, {"http://192.0.2.7/"}),
               at(2));
  registry.add(seen("coap", {ip("192.0.2.7")}, {}, {"coap://192.0.2.7"}), at(2));
  const auto changed = ledger.take();
  REQUIRE(changed.size() == 1);
  CHECK(changed[0].id == id);
  const Object device = fields_of(*changed[0].record);
  CHECK(text(device, "name") == "Lamp");
  CHECK(text(device, "sources") == "ble coap mdns");
  CHECK(text(device, "macs") == "24:0a:c4:00:00:01");
  CHECK(text(device, "ips") == "192.0.2.7");
  CHECK(text(device, "hosts") == "lamp.local");
  CHECK(text(device, "vendor") == "Espressif Inc.");
  CHECK(ledger.take().empty());
}

TEST_CASE("two devices that turn out to be one: the older id stays, the other is merged into it") {
  Lan network;
  Registry registry(network.network());
  Ledger ledger(registry);
  registry.add(seen("mdns", {instance("a._http._tcp.local"), ip("192.0.2.7")}), at(1));
  const std::string older = ledger.take().at(0).id;
  registry.add(seen("miio", {{IdentityKind::hardware_id, "7", "miio"}, mac("24:0a:c4:00:00:01")}),
               at(2));
  const std::string younger = ledger.take().at(0).id;
  REQUIRE(older != younger);

  network.neighbours["192.0.2.7"] = "24:0a:c4:00:00:01";
  registry.look_up_macs();
  const auto changes = ledger.take();
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].id == younger);
  CHECK(!changes[0].record);
  CHECK(changes[0].reason == "merged");
  CHECK(changes[0].merged_into == older);
  CHECK(changes[1].id == older);
  CHECK(text(fields_of(*changes[1].record), "sources") == "mdns miio");
  CHECK(registry.size() == 1);
  registry.look_up_macs();
  CHECK(ledger.take().empty());
}

TEST_CASE("what is one before it is told is never told as two") {
  Lan network;
  Registry registry(network.network());
  registry.add(seen("mdns", {instance("a._http._tcp.local")}), at(1));
  registry.add(seen("ssdp", {instance("uuid:1")}), at(1));
  registry.add(seen("mdns", {instance("a._http._tcp.local"), mac("24:0a:c4:00:00:01")}), at(1));
  registry.add(seen("ssdp", {instance("uuid:1"), mac("24:0a:c4:00:00:01")}), at(1));
  CHECK(registry.take_changes().size() == 1);
}

TEST_CASE("an address alone joins what has no other MAC, and changes hands") {
  Lan network;
  Registry registry(network.network());
  Ledger ledger(registry);
  registry.add(seen("coap", {ip("192.0.2.7")}), at(1));
  registry.add(seen("ssdp", {instance("uuid:1"), ip("192.0.2.7")}), at(1));
  CHECK(registry.size() == 1);
  registry.add(seen("miio", {mac("24:0a:c4:00:00:01"), ip("192.0.2.7")}), at(1));
  CHECK(registry.size() == 1);
  registry.add(seen("miio", {mac("24:0a:c4:00:00:02"), ip("192.0.2.7")}), at(2));
  CHECK(registry.size() == 2);
  registry.add(seen("tuya", {ip("192.0.2.7")}), at(3));  // the newest owner
  ledger.take();
  for (const auto& [id, device] : ledger.devices) {
    const bool newest = text(device, "macs") == "24:0a:c4:00:00:02";
    CHECK(text(device, "sources") == (newest ? "miio tuya" : "coap miio ssdp"));
  }
}

TEST_CASE("two sources that name one port of this machine speak of one program") {
  Lan network;
  network.own = {"192.0.2.1"};
  Registry registry(network.network());
  Ledger ledger(registry);
  registry.add(seen("coap", {ip("192.0.2.1")}, {}, {"coap://192.0.2.1:40001/temperature"}), at(0));
  registry.add(seen("coap", {ip("192.0.2.1")}, {}, {"coap://192.0.2.1:40002/temperature"}), at(0));
  registry.add(seen("mdns", {instance("A._coap._udp.local"), ip("192.0.2.1")}, {{"name", "A", 0.5}},
                    {"coap://192.0.2.1:40001"}),
               at(0));
  ledger.take();
  CHECK(ledger.devices.size() == 2);
}

TEST_CASE("programs on this machine are devices of their own") {
  Lan network;
  network.own = {"192.0.2.1", "fe80::1%eth0"};
  Registry registry(network.network());
  Ledger ledger(registry);
  registry.add(seen("mdns", {instance("a._matter._tcp.local"), ip("192.0.2.1")}), at(1));
  registry.add(
      seen("mdns", {instance("a._matter._tcp.local"), {IdentityKind::address, "fe80::1", "eth0"}}),
      at(1));
  registry.add(seen("ssdp", {instance("uuid:1"), ip("192.0.2.1")}), at(1));
  registry.add(seen("coap", {ip("192.0.2.1")}, {}, {"coap://192.0.2.1:5683"}), at(1));
  registry.add(seen("coap", {ip("192.0.2.1")}, {}, {"coap://192.0.2.1:5683"}), at(1));
  registry.add(seen("coap", {ip("192.0.2.1")}, {}, {"coap://192.0.2.1:5684"}), at(1));
  ledger.take();
  CHECK(ledger.devices.size() == 4);
}

TEST_CASE("services of one host are one device, by the host's name") {
  Lan network;
  network.own = {"192.0.2.1"};
  Registry registry(network.network());
  const Identity box{IdentityKind::host, "box.local"};
  for (const char* type : {"_http._tcp", "_ssh._tcp"}) {
    registry.add(seen("mdns", {instance(std::string("a.") + type), ip("192.0.2.1"), box},
                      {{"mdns.service", type}, {"mdns.port", 80}}),
                 at(1));
  }
  registry.add(seen("mdns", {instance("b._http._tcp.local"), {IdentityKind::host, "c.local"}}),
               at(1));
  const auto changes = registry.take_changes();
  REQUIRE(changes.size() == 2);
  const Object& facts = changes[0].record->facts;
  CHECK(text(facts, "mdns.service") == "_http._tcp _ssh._tcp");
  CHECK(*facts.find("mdns.port") == Value(80));
}

TEST_CASE("what an observation says twice: addresses are both, a name is the surer") {
  Lan network;
  Registry registry(network.network());
  registry.add(seen("mdns", {mac("10:00:00:00:00:01")},
                    {{"name", "better", 0.9},
                     {"name", "worse", 0.4},
                     {"ip", "192.0.2.1"},
                     {"ip", "192.0.2.2"}}),
               at(1));
  const auto changes = registry.take_changes();
  CHECK(text(fields_of(*changes.at(0).record), "name") == "better");
  CHECK(text(fields_of(*changes.at(0).record), "ips") == "192.0.2.1 192.0.2.2");
}

TEST_CASE("of what sources disagree in, the surest wins; every claim is evidence") {
  Lan network;
  Registry registry(network.network());
  const Identity same = mac("10:00:00:00:00:01");
  registry.add(seen("a", {same}, {{"name", "First", 0.5}, {"vendor", "Xiaomi Inc.", 1}}), at(1));
  registry.add(seen("b", {same},
                    {{"name", "Better", 0.9},
                     {"ecosystem", "matter", 0.9},
                     {"ecosystem_reason", "it announces _matter._tcp"}}),
               at(1));
  registry.add(seen("c", {same}, {{"name", "As good", 0.9}, {"c.x", 5}}), at(1));
  const auto changes = registry.take_changes();
  REQUIRE(changes.size() == 1);
  const Object device = fields_of(*changes[0].record);
  CHECK(text(device, "name") == "Better");
  CHECK(text(device, "ecosystem") == "Matter");
  CHECK(text(device, "ecosystem_reason") == "it announces _matter._tcp");
  CHECK(device.find("facts")->object()->find("c.x") != nullptr);
  CHECK(device.find("facts")->object()->find("name") == nullptr);
  const Array& evidence = *device.find("evidence")->array();
  REQUIRE(evidence.size() == 7);
  CHECK(text(*evidence[0].object(), "value") == "First");
  CHECK(text(*evidence[0].object(), "source") == "a");
  std::size_t ecosystems = 0;
  for (const Value& row : evidence) ecosystems += text(*row.object(), "fact") == "ecosystem";
  CHECK(ecosystems == 2);
}

TEST_CASE("a state is the latest of the surest, and one of a few words") {
  Lan network;
  Registry registry(network.network());
  Ledger ledger(registry);
  registry.add(seen("mdns", {instance("x._matterc._udp.local"), mac("10:00:00:00:00:01")},
                    {{"state", "unprovisioned"}}),
               at(1));
  ledger.take();
  CHECK(text(ledger.devices.begin()->second, "state") == "unprovisioned");
  registry.add(seen("mdns", {instance("y._matter._tcp.local"), mac("10:00:00:00:00:01")},
                    {{"state", "provisioned"}}),
               at(2));
  ledger.take();
  CHECK(text(ledger.devices.begin()->second, "state") == "provisioned");
  registry.add(seen("ble", {mac("10:00:00:00:00:02")}, {{"state", "\x1b[31m"}}), at(2));
  for (const Change& change : ledger.take()) CHECK(text(fields_of(*change.record), "state") == "unknown");
}

TEST_CASE("addresses that no command takes are left out, the most useful comes first") {
  Lan network;
  Registry registry(network.network());
  registry.add(seen("mdns", {mac("10:00:00:00:00:01")}, {},
                    {"udp://192.0.2.7:5540", "http://192.0.2.7/", "not an address", "matter:1",
                     "matter:1", "tcp://[fe80::1%25eth0]:80"}),
               at(1));
  const auto changes = registry.take_changes();
  CHECK(text(fields_of(*changes.at(0).record), "addresses").starts_with("matter:1 http://192.0.2.7/"));
  CHECK(text(fields_of(*changes.at(0).record), "addresses").find("not") == std::string::npos);
}

TEST_CASE("goodbye ends what that source saw of it; the last one ends the device") {
  Lan network;
  Registry registry(network.network());
  Ledger ledger(registry);
  const Identity device = mac("10:00:00:00:00:01");
  registry.add(seen("mdns", {instance("a._http._tcp.local"), device}, {{"name", "A"}}), at(1));
  registry.add(seen("mdns", {instance("b._http._tcp.local"), device}, {{"name", "B"}}), at(1));
  registry.add(seen("ble", {device}), at(1));
  const std::string id = ledger.take().at(0).id;

  Observation goodbye = seen("mdns", {instance("A._http._tcp.local")});
  goodbye.gone = true;
  registry.add(goodbye, at(2));
  CHECK(text(fields_of(*ledger.take().at(0).record), "name") == "B");
  goodbye.identities = {instance("b._http._tcp.local")};
  registry.add(goodbye, at(2));
  CHECK(text(fields_of(*ledger.take().at(0).record), "sources") == "ble");
  goodbye = seen("ble", {device});
  goodbye.gone = true;
  registry.add(goodbye, at(3));
  const auto lost = ledger.take();
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].id == id);
  CHECK(lost[0].reason == "gone");
  CHECK(registry.size() == 0);
  registry.add(goodbye, at(4));  // of nothing known
  CHECK(ledger.take().empty());
  registry.add(seen("ble", {device}), at(5));
  CHECK(ledger.take().at(0).id == id);
}

TEST_CASE("a port that was left belongs to whoever comes next") {
  Lan network;
  Registry registry(network.network());
  const Identity port{IdentityKind::port, "/dev/ttyACM0"};
  registry.add(seen("usb", {port, mac("10:00:00:00:00:01")}), at(1));
  registry.add(seen("mdns", {mac("10:00:00:00:00:01")}), at(1));
  Observation unplugged = seen("usb", {port});
  unplugged.gone = true;
  registry.add(unplugged, at(2));
  registry.add(seen("usb", {port, mac("10:00:00:00:00:02")}), at(3));
  CHECK(registry.size() == 2);
}

TEST_CASE("what falls silent is lost, a plugged port is not") {
  Lan network;
  Registry registry(network.network());
  Ledger ledger(registry);
  registry.add(seen("ble", {mac("10:00:00:00:00:01")}), at(1));
  registry.add(seen("ble", {mac("10:00:00:00:00:02")}), at(5));
  registry.add(seen("usb", {{IdentityKind::port, "/dev/ttyACM0"}}), at(1));
  ledger.take();
  registry.expire(at(3), [](const std::string& source) { return source != "usb"; });
  const auto lost = ledger.take();
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].reason == "silent");
  CHECK(registry.size() == 2);
}

TEST_CASE("a subject with more keys than are kept") {
  Lan network;
  Registry registry(network.network());
  for (int i = 0; i < 100; ++i) {
    registry.add(seen("mdns", {instance("a"), ip("10.0.0." + std::to_string(i))}), at(1));
  }
  network.neighbours["10.0.0.1"] = "10:00:00:00:00:01";
  registry.look_up_macs();
  registry.add(seen("ble", {mac("10:00:00:00:00:01")}), at(2));
  registry.look_up_macs();
  CHECK(registry.size() == 1);
}

TEST_CASE("a flood is bounded") {
  Lan network;
  Registry registry(network.network());
  for (int i = 0; i < 10'000; ++i) {
    registry.add(seen("mdns", {instance(std::to_string(i))}), at(1));
  }
  CHECK(registry.size() == 4096);
  for (int i = 0; i < 1000; ++i) {
    std::vector<Fact> facts;
    for (int k = 0; k < 10; ++k) facts.push_back({"mdns.txt." + std::to_string(i * 10 + k), k});
    registry.add(
        seen("mdns",
             {instance("1"), ip("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250))},
             facts, {"udp://10.0.0.1:" + std::to_string(i + 1)}),
        at(1));
    registry.add(seen(std::to_string(i), {instance("2")}), at(1));
  }
  CHECK(registry.size() == 4096);
  for (const Change& change : registry.take_changes()) {
    CHECK(change.record->evidence.size() <= 256);
    CHECK(change.record->addresses.size() <= 64);
    CHECK(change.record->sources.size() <= 64);
  }
}

namespace {

Identity host(std::string value) { return {IdentityKind::host, std::move(value)}; }

Observation dlink(int number) {
  const std::string last = std::to_string(number);
  return seen("mdns", {instance("sensor " + last + "._dhnap._tcp.local"), host("dch.local"),
                       ip("192.0.2." + last)});
}

}  // namespace

// Three D-Link sensors announce "dch.local", each with an address of its own.
TEST_CASE("devices with different MACs are not one for a host's name alone") {
  Lan network;
  for (int i = 1; i <= 3; ++i) {
    network.neighbours["192.0.2." + std::to_string(i)] = "b0:c5:54:00:00:0" + std::to_string(i);
  }
  Registry registry(network.network());
  Ledger ledger(registry);
  for (int i = 1; i <= 3; ++i) registry.add(dlink(i), at(1));
  ledger.take();
  CHECK(registry.size() == 3);
  // What has no MAC of its own goes by its address, not by the name.
  registry.add(seen("ssdp", {ip("192.0.2.2")}), at(2));
  registry.add(dlink(3), at(2));
  CHECK(registry.size() == 3);
  // The same with MACs that are known later: what the name had joined is taken apart, once.
  Lan later;
  Registry second(later.network());
  Ledger changes(second);
  for (int i = 1; i <= 3; ++i) second.add(dlink(i), at(1));
  changes.take();
  CHECK(second.size() == 1);
  later.neighbours = network.neighbours;
  second.look_up_macs();
  changes.take();
  CHECK(second.size() == 3);
  for (const auto& [id, device] : changes.devices) CHECK(text(device, "macs").size() == 17);
  second.look_up_macs();
  CHECK(changes.take().empty());
}

TEST_CASE("two interfaces of one machine stay one device, whatever order they are seen in") {
  Lan network;
  Registry registry(network.network());
  registry.add(seen("a", {mac("10:00:00:00:00:01"), instance("x._http._tcp.local")}), at(1));
  registry.add(seen("b", {mac("10:00:00:00:00:02"), {IdentityKind::hardware_id, "7", "miio"}}), at(1));
  CHECK(registry.size() == 2);
  registry.add(seen("c", {instance("x._http._tcp.local"), {IdentityKind::hardware_id, "7", "miio"}}),
               at(2));
  CHECK(registry.size() == 1);
  registry.look_up_macs();
  CHECK(registry.size() == 1);
}

TEST_CASE("loopback, broadcast and multicast are no device's address") {
  Lan network;
  Registry registry(network.network());
  Ledger ledger(registry);
  for (const char* nobodys : {"127.0.0.1", "255.255.255.255", "0.0.0.0", "239.255.255.250", "::1"}) {
    registry.add(seen("mdns", {ip(nobodys)}), at(1));
    CHECK(registry.size() == 0);
  }
  registry.add(seen("mdns", {mac("10:00:00:00:00:01"), ip("127.0.0.1")}, {{"ip", "127.0.0.1"}},
                    {"http://127.0.0.1/", "http://192.0.2.1/"}),
               at(1));
  registry.add(seen("ssdp", {mac("10:00:00:00:00:02"), ip("127.0.0.1")}, {{"ip", "127.0.0.1"}}), at(1));
  ledger.take();
  CHECK(registry.size() == 2);
  for (const auto& [id, device] : ledger.devices) {
    CHECK(text(device, "ips").empty());
    CHECK(text(device, "addresses").find("127.0.0.1") == std::string::npos);
  }
  // On the machine itself they are its own.
  network.own = {"127.0.0.1"};
  registry.add(seen("mdns", {instance("here._http._tcp.local"), ip("127.0.0.1")}, {{"ip", "127.0.0.1"}}),
               at(2));
  CHECK(registry.size() == 3);
}

TEST_CASE("a host with more services than are kept says so") {
  Lan network;
  Registry registry(network.network());
  Ledger ledger(registry);
  const auto add = [&](int n) {
    registry.add(seen("mdns", {mac("10:00:00:00:00:01"), instance(std::to_string(n) + "._http._tcp.local")}),
                 at(1));
  };
  for (int i = 0; i < 64; ++i) add(i);
  ledger.take();
  CHECK(ledger.devices.begin()->second.find("truncated") == nullptr);
  add(64);
  CHECK(ledger.take().size() == 1);
  const Value* truncated = ledger.devices.begin()->second.find("truncated");
  REQUIRE(truncated != nullptr);
  CHECK(*truncated == Value(true));
  add(65);
  CHECK(ledger.take().empty());
}
