// BlueZ as python3-dbusmock's template plays it.
#include <doctest/doctest.h>

#include "net/dbus/bluez.hpp"
#include "net/dbus/gatt.hpp"
#include "peer/bus.hpp"
#include "skip.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;

namespace {

/// What Scan::start() says on this machine.
Result<bluez::Scan> try_to_scan(asio::io_context& context, dbus::Bus& bus) {
  return run_real(context, [&]() -> Task<bluez::Scan> {
    auto handler = [](const bluez::Advert&) {};
    co_return co_await bluez::Scan::start(bus, "", handler, in(20s));
  });
}

}  // namespace

TEST_CASE("no daemon, no adapter and no power are told apart") {
  const std::string missing = PrivateBus::missing();
  if (!missing.empty()) AIOT_SKIP(missing);
  {
    PrivateBus service;
    asio::io_context context;
    const auto bus = run_real(context, [&] { return service.open(); });
    REQUIRE(bus.has_value());
    const auto none = try_to_scan(context, **bus);
    REQUIRE(!none);
    CHECK(none.error().code == make_error_code(bluez::Errc::no_daemon));
    REQUIRE(service.play("bluez_without_adapter"));
    const auto bare = try_to_scan(context, **bus);
    REQUIRE(!bare);
    CHECK(bare.error().code == make_error_code(bluez::Errc::no_adapter));
  }
  PrivateBus service;
  asio::io_context context;
  const auto bus = run_real(context, [&] { return service.open(); });
  REQUIRE(bus.has_value());
  REQUIRE(service.play("bluez_powered_off"));
  const auto off = try_to_scan(context, **bus);
  REQUIRE(!off);
  CHECK(off.error().code == make_error_code(bluez::Errc::powered_off));
  CHECK(off.error().hint.find("bluetoothctl power on") != std::string::npos);
}

TEST_CASE("a scan tells what is heard, not what is remembered") {
  const std::string missing = PrivateBus::missing();
  if (!missing.empty()) AIOT_SKIP(missing);
  PrivateBus service;
  asio::io_context context;
  const auto bus = run_real(context, [&] { return service.open(); });
  REQUIRE(bus.has_value());
  REQUIRE(service.play("bluez"));
  std::vector<bluez::Advert> heard;
  auto scan = run_real(context, [&]() -> Task<bluez::Scan> {
    auto handler = [&](const bluez::Advert& advert) { heard.push_back(advert); };
    co_return co_await bluez::Scan::start(**bus, "hci0", handler, in(20s));
  });
  REQUIRE(scan.has_value());
  CHECK(scan->adapter().address == "00:01:02:03:04:05");
  CHECK(heard.empty());

  // A call to the mock comes back after the signals it sent before.
  auto settle = [&] {
    return run_real(context, [&]() -> Task<std::vector<bluez::Adapter>> {
      co_return co_await bluez::list_adapters(**bus, in(20s));
    });
  };
  REQUIRE(service.next("bluez"));
  REQUIRE(settle().has_value());
  REQUIRE(heard.size() == 2);  // it appeared; it said something
  CHECK(heard[0].address == "A4:C1:38:00:00:01");
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

  REQUIRE(service.next("bluez"));
  REQUIRE(settle().has_value());
  REQUIRE(heard.size() == 3);
  CHECK(heard[2].rssi_dbm == -48);
  CHECK(heard[2].service_data.empty());  // it did not say it again
  CHECK(run_real(context, [&] { return scan->stop(in(20s)); }).has_value());
}

TEST_CASE("a characteristic is read, written and listened to") {
  const std::string missing = PrivateBus::missing();
  if (!missing.empty()) AIOT_SKIP(missing);
  PrivateBus service;
  asio::io_context context;
  const auto bus = run_real(context, [&] { return service.open(); });
  REQUIRE(bus.has_value());
  REQUIRE(service.play("bluez_gatt"));
  auto gatt = run_real(context, [&]() -> Task<bluez::Gatt> {
    co_return co_await bluez::Gatt::connect(**bus, "a4:c1:38:00:00:01", in(20s));
  });
  REQUIRE(gatt.has_value());
  const auto value = run_real(context, [&] { return gatt->read("2a19", in(20s)); });
  REQUIRE(value.has_value());
  CHECK(to_hex(*value) == "0064ff");
  const Bytes word = {1, 0, 255};
  CHECK(run_real(context, [&] { return gatt->write("0x2A19", word, in(20s)); }).has_value());
  const auto absent = run_real(context, [&] { return gatt->read("2a00", in(20s)); });
  REQUIRE(!absent);
  CHECK(absent.error().code == make_error_code(bluez::Errc::no_attribute));
  CHECK(absent.error().hint.find("00002a19-") != std::string::npos);

  std::vector<Bytes> heard;
  auto subscription = run_real(context, [&]() -> Task<dbus::Bus::Subscription> {
    auto handler = [&](const Bytes& bytes) { heard.push_back(bytes); };
    co_return co_await gatt->notify("2a19", handler, in(20s));
  });
  REQUIRE(subscription.has_value());
  REQUIRE(service.next("bluez_gatt"));
  CHECK(run_real(context, [&] { return gatt->characteristics(in(20s)); }).has_value());
  REQUIRE(heard.size() == 1);
  CHECK(to_hex(heard[0]) == "00ff0a");
  REQUIRE(service.next("bluez_gatt"));
  const auto lost = run_real(context, [&] { return gatt->wait_until_lost(in(20s)); });
  REQUIRE(!lost);
  CHECK(lost.error().code == make_error_code(Errc::link_lost));
}

TEST_CASE("a device that is not heard is named") {
  const std::string missing = PrivateBus::missing();
  if (!missing.empty()) AIOT_SKIP(missing);
  PrivateBus service;
  asio::io_context context;
  const auto bus = run_real(context, [&] { return service.open(); });
  REQUIRE(bus.has_value());
  REQUIRE(service.play("bluez"));
  const auto gatt = run_real(context, [&]() -> Task<bluez::Gatt> {
    co_return co_await bluez::Gatt::connect(**bus, "00:00:00:00:00:09", in(1s));
  });
  REQUIRE(!gatt);
  CHECK(gatt.error().code == make_error_code(bluez::Errc::no_device));
}
