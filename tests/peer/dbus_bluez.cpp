// BlueZ as python3-dbusmock's template plays it.
#include <doctest/doctest.h>

#include "dbus/bluez.hpp"
#include "dbus/gatt.hpp"
#include "peer/bus.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;

namespace {

/// What Scan::start() says on this machine.
Result<bluez::Scan> try_to_scan(ConnectedBus& here) {
  return here.run([&]() -> Task<bluez::Scan> {
    auto handler = [](const bluez::Advert&) {};
    co_return co_await bluez::Scan::start(*here.bus, "", handler, in(20s));
  });
}

}  // namespace

TEST_CASE("no daemon, no adapter and no power are told apart") {
  AIOT_NEED_PRIVATE_BUS();
  {
    ConnectedBus here;
    const auto none = try_to_scan(here);
    REQUIRE(!none);
    CHECK(none.error().code == make_error_code(bluez::Errc::no_daemon));
    REQUIRE(here.service.play("bluez_without_adapter"));
    const auto bare = try_to_scan(here);
    REQUIRE(!bare);
    CHECK(bare.error().code == make_error_code(bluez::Errc::no_adapter));
  }
  ConnectedBus here("bluez_powered_off");
  const auto off = try_to_scan(here);
  REQUIRE(!off);
  CHECK(off.error().code == make_error_code(bluez::Errc::powered_off));
  CHECK(off.error().hint.find("bluetoothctl power on") != std::string::npos);
}

TEST_CASE("a scan tells what is heard, not what is remembered") {
  AIOT_NEED_PRIVATE_BUS();
  ConnectedBus here("bluez");
  std::vector<bluez::Advert> heard;
  auto scan = here.run([&]() -> Task<bluez::Scan> {
    auto handler = [&](const bluez::Advert& advert) { heard.push_back(advert); };
    co_return co_await bluez::Scan::start(*here.bus, "hci0", handler, in(20s));
  });
  REQUIRE(scan.has_value());
  CHECK(scan->adapter().address == "00:01:02:03:04:05");
  CHECK(heard.empty());

  // A call to the mock comes back after the signals it sent before.
  auto settle = [&] {
    return here.run([&]() -> Task<std::vector<bluez::Adapter>> {
      co_return co_await bluez::list_adapters(*here.bus, in(20s));
    });
  };
  REQUIRE(here.service.next("bluez"));
  REQUIRE(settle().has_value());
  REQUIRE(heard.size() == 2);  // it appeared; it said something
  CHECK(heard[0].address == *parse_mac("A4:C1:38:00:00:01"));
  const bluez::Advert& advert = heard[1];
  CHECK(advert.random_address);
  CHECK(advert.rssi_dbm == -61);
  REQUIRE(advert.service_data.size() == 1);
  CHECK(advert.service_data[0].first == "0000fcd2-0000-1000-8000-00805f9b34fb");
  CHECK(to_hex(advert.service_data[0].second) == "4002ca0903bf13");
  REQUIRE(advert.manufacturer_data.size() == 1);
  CHECK(advert.manufacturer_data[0].first == 0x01A8);
  CHECK(to_hex(advert.manufacturer_data[0].second) == "01ff00");
  CHECK(advert.service_uuids.size() == 1);

  REQUIRE(here.service.next("bluez"));
  REQUIRE(settle().has_value());
  REQUIRE(heard.size() == 3);
  CHECK(heard[2].rssi_dbm == -48);
  CHECK(heard[2].service_data.empty());  // it did not say it again
  CHECK(here.run([&] { return scan->stop(in(20s)); }).has_value());
}

TEST_CASE("a characteristic is read, written and listened to") {
  AIOT_NEED_PRIVATE_BUS();
  ConnectedBus here("bluez_gatt");
  auto gatt = here.run([&]() -> Task<bluez::Gatt> {
    co_return co_await bluez::Gatt::connect(*here.bus, "a4:c1:38:00:00:01", in(20s));
  });
  REQUIRE(gatt.has_value());
  const auto value = here.run([&] { return gatt->read("2a19", in(20s)); });
  REQUIRE(value.has_value());
  CHECK(to_hex(*value) == "0064ff");
  const Bytes word = {1, 0, 255};
  CHECK(here.run([&] { return gatt->write("0x2A19", word, in(20s)); }).has_value());
  const auto absent = here.run([&] { return gatt->read("2a00", in(20s)); });
  REQUIRE(!absent);
  CHECK(absent.error().code == make_error_code(bluez::Errc::no_attribute));
  CHECK(absent.error().hint.find("00002a19-") != std::string::npos);

  std::vector<Bytes> heard;
  auto subscription = here.run([&]() -> Task<dbus::Bus::Subscription> {
    auto handler = [&](const Bytes& bytes) { heard.push_back(bytes); };
    co_return co_await gatt->notify("2a19", handler, in(20s));
  });
  REQUIRE(subscription.has_value());
  REQUIRE(here.service.next("bluez_gatt"));
  CHECK(here.run([&] { return gatt->read("2a19", in(20s)); }).has_value());
  REQUIRE(heard.size() == 1);
  CHECK(to_hex(heard[0]) == "00ff0a");
  REQUIRE(here.service.next("bluez_gatt"));
  const auto lost = here.run([&] { return gatt->wait_until_lost(in(20s)); });
  REQUIRE(!lost);
  CHECK(lost.error().code == make_error_code(Errc::link_lost));
}

TEST_CASE("a device that is not heard is named") {
  AIOT_NEED_PRIVATE_BUS();
  ConnectedBus here("bluez");
  const auto gatt = here.run([&]() -> Task<bluez::Gatt> {
    co_return co_await bluez::Gatt::connect(*here.bus, "00:00:00:00:00:09", in(1s));
  });
  REQUIRE(!gatt);
  CHECK(gatt.error().code == make_error_code(bluez::Errc::no_device));
}
