#include "job/discover/ble.hpp"
#include "job/discover/identity.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace aiot;
using namespace aiot::discover;

namespace {

constexpr const char* bthome_key = "231d39c1d7cc1ab1aee224cd096db932";
constexpr const char* bthome_address = "54:48:E6:8F:80:A5";

ble::Advert advert_of(std::string_view hex, std::string_view address = bthome_address) {
  ble::Advert advert;
  advert.address = *parse_mac(address);
  advert.kind = ble::AddressKind::public_address;
  ble::add_advertising_data(*from_hex(hex), advert);
  return advert;
}

/// An advert with nothing but service data.
ble::Advert service_advert(std::uint32_t service, std::string_view hex,
                           std::string_view address = bthome_address) {
  ble::Advert advert = advert_of("", address);
  advert.service_data.push_back({ble::Uuid::of(service), *from_hex(hex)});
  return advert;
}

config::BindKeys keys(std::string_view address, std::string_view key) {
  return {{*parse_mac(address), *from_hex(key)}};
}

std::optional<Value> find(const Observation& seen, std::string_view name) {
  if (name == "rssi_dbm" && seen.rssi_dbm) return Value(*seen.rssi_dbm);
  for (const Evidence& claim : evidence_of(seen)) {
    if (claim.fact == name) return claim.value;
  }
  return std::nullopt;
}

std::string text(const Observation& seen, std::string_view name) {
  const std::optional<Value> value = find(seen, name);
  if (!value) return "none";
  return value->string() ? *value->string() : "not text";
}

double number(const Observation& seen, std::string_view name) {
  const std::optional<Value> value = find(seen, name);
  REQUIRE(value);
  if (const auto* d = std::get_if<double>(&value->storage())) return *d;
  if (const auto* u = std::get_if<std::uint64_t>(&value->storage())) return double(*u);
  return static_cast<double>(std::get<std::int64_t>(value->storage()));
}

bool has_job(const Observation& seen, std::string_view job) {
  return std::find(seen.jobs.begin(), seen.jobs.end(), job) != seen.jobs.end();
}

bool has_identity(const Observation& seen, IdentityKind kind, std::string_view value) {
  return std::any_of(seen.identities.begin(), seen.identities.end(),
                     [&](const Identity& i) { return i.kind == kind && i.value == value; });
}

}  // namespace

TEST_CASE("who speaks, and how it is reached") {
  ble::Advert advert = advert_of("020106 0409414243 03030F18");
  advert.rssi_dbm = -61;
  BleObserver observer;
  const Observation seen = observer.observe(advert);
  CHECK(seen.source == "ble");
  CHECK(has_identity(seen, IdentityKind::mac, "54:48:e6:8f:80:a5"));
  CHECK(seen.addresses == std::vector<std::string>{"ble:54:48:E6:8F:80:A5"});
  CHECK(text(seen, "name") == "ABC");
  CHECK(text(seen, "ble.address_kind") == "public");
  CHECK(number(seen, "rssi_dbm") == -61);
  CHECK(find(seen, "ble.services")->array()->size() == 1);
  CHECK(seen.jobs == std::vector<std::string>{"listen"});
  CHECK(!find(seen, "ecosystem").has_value());

  // A random address says nothing of the hardware.
  advert.kind = ble::AddressKind::random_address;
  const Observation random = observer.observe(advert);
  CHECK(has_identity(random, IdentityKind::hardware_id, "54:48:E6:8F:80:A5"));
  CHECK(!find(random, "mac").has_value());
}

// Locks, Mi Band, Inkbird and Govee send such addresses as public ones.
TEST_CASE("a sender whose public address has the group bit is a device") {
  BleObserver observer;
  ble::Advert advert = advert_of("0409414243", "E3:60:59:61:BB:AA");
  const Observation seen = observer.observe(advert);
  CHECK(has_identity(seen, IdentityKind::hardware_id, "E3:60:59:61:BB:AA"));
  CHECK(seen.macs.empty());
  CHECK(text(seen, "ble.address_kind") == "public");
  CHECK(text(seen, "name") == "ABC");
  CHECK(key_of(seen.identities.at(0)).has_value());
  // A sensor's maker and model.
  const Observation govee = observer.observe(advert_of("0d09475648353037355f43423942 09ff88ec0003215d6400"));
  CHECK(text(govee, "vendor") == "Govee");
  CHECK(text(govee, "model") == "H5075");
  CHECK(number(govee, "ble.temperature_celsius") == 20.5);
}

TEST_CASE("plain readings with their units") {
  BleObserver observer;
  const Observation seen = observer.observe(service_advert(0xFCD2, "4002ca0903bf13"));
  CHECK(text(seen, "ecosystem") == "BTHome");
  CHECK(text(seen, "ble.security") == "plain");
  CHECK(number(seen, "ble.temperature_celsius") == 25.06);
  CHECK(number(seen, "ble.humidity_percent") == 50.55);
  CHECK(!find(seen, "state").has_value());
}

TEST_CASE("encrypted: without a key, with the right one, with a wrong one") {
  const ble::Advert advert = service_advert(0xFCD2, "41a47266c95f730011223378237214");
  const Observation blind = BleObserver().observe(advert);
  CHECK(text(blind, "ble.security") == "needs key");
  CHECK(text(blind, "state") == "secured");
  CHECK(!find(blind, "ble.temperature_celsius").has_value());

  BleObserver right(keys(bthome_address, bthome_key));
  const Observation opened = right.observe(advert);
  CHECK(text(opened, "ble.security") == "opened");
  CHECK(number(opened, "ble.temperature_celsius") == 25.06);
  CHECK(right.key_problems().empty());

  for (const char* key : {"814aac74c4f17b6c1581e1ab87816b99", "b853075158487ca39a5b5ea9"}) {
    BleObserver wrong(keys(bthome_address, key));
    const Observation refused = wrong.observe(advert);
    CHECK(text(refused, "ble.security") == "wrong key");
    CHECK(!find(refused, "ble.temperature_celsius").has_value());
    CHECK(wrong.key_problems() == std::vector<std::string>{"54:48:E6:8F:80:A5: wrong key"});
  }
}

// The adverts are those of bthome-ble, tests/test_parser_v2.py.
TEST_CASE("replay, wrap and downgrade are told, and nothing of them believed") {
  BleObserver observer(keys(bthome_address, bthome_key));
  const auto security = [&](std::string_view hex) {
    const Observation seen = observer.observe(service_advert(0xFCD2, hex));
    const bool told = find(seen, "ble.temperature_celsius").has_value() ||
                      find(seen, "ble.pressure_hpa").has_value();
    return text(seen, "ble.security") + (told ? ", readings" : "");
  };
  CHECK(security("413e932cc7175f34221100553876af") == "opened, readings");
  CHECK(security("41e445f3c9962b332211006c7c4519") == "replayed");
  CHECK(security("4004138a01") == "downgraded");
  CHECK(observer.key_problems() == std::vector<std::string>{"54:48:E6:8F:80:A5: downgraded"});
  CHECK(security("41ba0db07aeef6ffffffff21fd4600") == "opened, readings");
  CHECK(security("41de40b50e676600000000d7cb95de") == "counter wrapped, readings");
}

TEST_CASE("MiBeacon: model, readings, state") {
  // xiaomi-ble, test_Xiaomi_CGDK2.
  BleObserver observer(keys("58:2D:34:12:20:89", "a3bfe9853dd85a620debe3620caaa351"));
  const Observation seen = observer.observe(service_advert(
      0xFE95, "58586f0607892012342d585f176dd54f0200002fa453fa", "58:2D:34:12:20:89"));
  CHECK(text(seen, "ecosystem") == "Xiaomi Mi Home");
  CHECK(text(seen, "model") == "CGDK2");
  CHECK(text(seen, "state") == "secured");
  CHECK(text(seen, "ble.security") == "opened");
  CHECK(number(seen, "ble.temperature_celsius") == 22.6);
  // test_Xiaomi_YLKG07YL_press: no tag to check.
  BleObserver legacy(keys("F8:24:41:C5:98:8B", "b853075158487ca39a5b5ea9"));
  const Observation dimmer = legacy.observe(
      service_advert(0xFE95, "5830b603d28b98c54124f8c3491476757e00000099", "F8:24:41:C5:98:8B"));
  CHECK(text(dimmer, "ble.security") == "unverified");
  CHECK(text(dimmer, "ble.dimmer") == "press");
  CHECK(legacy.key_problems().empty());
}

TEST_CASE("a device that waits to be provisioned can be paired") {
  BleObserver observer;
  const Observation matter = observer.observe(advert_of("0201060b16f6ff00000ff1ff008000"));
  CHECK(text(matter, "ecosystem") == "Matter");
  CHECK(text(matter, "state") == "unprovisioned");
  CHECK(number(matter, "discriminator") == 3840);
  CHECK(number(matter, "vendor_id") == 0xFFF1);
  CHECK(number(matter, "product_id") == 0x8000);
  CHECK(has_job(matter, "pair"));
  CHECK(has_job(matter, "listen"));

  const Observation genie =
      observer.observe(advert_of("0FFFA801B503440A00000B71233A9E10", "C0:00:00:00:00:01"));
  CHECK(text(genie, "ecosystem") == "Alibaba Tmall Genie");
  CHECK(has_identity(genie, IdentityKind::mac, "10:9e:3a:23:71:0b"));
  CHECK(has_job(genie, "pair"));
}

// bthome-ble, test_bthome_multiple_uuids: a thermometer that speaks MiBeacon and BTHome at once.
TEST_CASE("several formats in one advert are one device") {
  BleObserver observer;
  ble::Advert advert = service_advert(0xFE95, "30585b0501c4248138c1a4280100", "A4:C1:38:81:24:C4");
  advert.service_data.push_back({ble::Uuid::of(0xFCD2), *from_hex("40015d025d0903b718")});
  const Observation seen = observer.observe(advert);
  CHECK(find(seen, "ble.formats")->array()->size() == 2);
  CHECK(text(seen, "ecosystem") == "Xiaomi Mi Home");
  CHECK(number(seen, "ble.battery_percent") == 93);
}

TEST_CASE("adverts that are noise say nothing but who sent them") {
  BleObserver observer;
  for (const char* hex :
       {"0516D2FC41AA", "0316D2FC", "041695FE58", "0316AAFE", "02FF4C", "0A16", "1BFF4C000215"}) {
    CAPTURE(hex);
    const Observation seen = observer.observe(advert_of(hex));
    CHECK(!find(seen, "ecosystem").has_value());
    CHECK(seen.addresses.size() == 1);
  }
}

// Bluetooth-Devices/xiaomi-ble, test_Xiaomi_YLKG07YL_press and _rotate: versions 2 and 3 have no
// tag.
TEST_CASE("MiBeacon without a tag: an advert of before is told, and its readings are left out") {
  const char* address = "F8:24:41:C5:98:8B";
  BleObserver observer(keys(address, "b853075158487ca39a5b5ea9"));
  const auto see = [&](const char* hex) {
    return observer.observe(service_advert(0xFE95, hex, address));
  };
  const char* rotate = "5830b603368b98c54124f88bb8f2661351000000d6";
  const char* press = "5830b603d28b98c54124f8c3491476757e00000099";
  CHECK(text(see(rotate), "ble.security") == "unverified");
  CHECK(text(see(rotate), "ble.security") == "unverified");  // sent once more
  // The same counter for something else: here the last byte, which nothing can be checked with.
  const Observation replayed = see("5830b603368b98c54124f88bb8f2661351000000d7");
  CHECK(text(replayed, "ble.security") == "replayed");
  CHECK(!find(replayed, "ble.dimmer").has_value());
  CHECK(observer.key_problems() == std::vector<std::string>{"F8:24:41:C5:98:8B: replayed"});
  CHECK(text(see(press), "ble.security") == "unverified");
  CHECK(text(see(rotate), "ble.security") == "counter wrapped");
  CHECK(find(see(rotate), "ble.dimmer") != nullptr);
}

// The advert of xiaomi-ble's test_Xiaomi_CGDK2 with the mesh bit set, which its tag does not cover.
TEST_CASE("MiBeacon of a mesh device is believed when its tag fits, and not judged otherwise") {
  const char* address = "58:2D:34:12:20:89";
  const auto see = [&](const char* key, const char* hex) {
    BleObserver observer(keys(address, key));
    const Observation seen = observer.observe(service_advert(0xFE95, hex, address));
    CHECK(observer.key_problems().empty());
    return seen;
  };
  const char* mesh = "d8586f0607892012342d585f176dd54f0200002fa453fa";
  const Observation good = see("a3bfe9853dd85a620debe3620caaa351", mesh);
  CHECK(find(good, "ble.mesh").has_value());
  CHECK(text(good, "ble.security") == "opened");
  CHECK(number(good, "ble.temperature_celsius") == 22.6);
  const Observation other = see("814aac74c4f17b6c1581e1ab87816b99", mesh);
  CHECK(find(other, "ble.mesh").has_value());
  CHECK(!find(other, "ble.security").has_value());
  CHECK(text(other, "state") == "secured");
}

// custom-components/ble_monitor, test/test_atc_parser.py.
TEST_CASE("ATC and pvvx thermometers, with and without a key") {
  const char* address = "A4:C1:38:8D:18:B2";
  const char* sealed = "11d603fbfa7b6dfb1e26fd";
  BleObserver observer(keys(address, "b9ea895fac7eea6d30532432a516f3a3"));
  const Observation opened = observer.observe(service_advert(0x181A, sealed, address));
  CHECK(text(opened, "ble.security") == "opened");
  CHECK(number(opened, "ble.temperature_celsius") == 23.45);
  const char* plain = "B2188D38C1A42B089011F70A43200F";
  const Observation downgraded = observer.observe(service_advert(0x181A, plain, address));
  CHECK(text(downgraded, "ble.security") == "downgraded");
  CHECK(!find(downgraded, "ble.temperature_celsius").has_value());

  BleObserver no_keys;
  CHECK(text(no_keys.observe(service_advert(0x181A, sealed, address)), "ble.security") ==
        "needs key");
  const Observation told = no_keys.observe(service_advert(0x181A, plain, address));
  CHECK(number(told, "ble.temperature_celsius") == 20.91);
  CHECK(has_identity(told, IdentityKind::mac, "a4:c1:38:8d:18:b2"));
  CHECK(!find(no_keys.observe(service_advert(0x181A, sealed)), "ble.security").has_value());
}
