// NetworkManager as python3-dbusmock's template plays it, and wpa_supplicant as bus_scene.py does.
#include <doctest/doctest.h>

#include "dbus/wifi.hpp"
#include "peer/bus.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;

namespace {

Result<std::unique_ptr<wifi::Manager>> find(ConnectedBus& here) {
  return here.run([&]() -> Task<std::unique_ptr<wifi::Manager>> {
    co_return co_await wifi::Manager::find(*here.bus, in(20s));
  });
}

}  // namespace

TEST_CASE("channels follow from frequencies") {
  CHECK(wifi::channel_of(2412) == 1);
  CHECK(wifi::channel_of(2437) == 6);
  CHECK(wifi::channel_of(2484) == 14);
  CHECK(wifi::channel_of(5180) == 36);
  CHECK(wifi::channel_of(5955) == 1);
  CHECK(wifi::channel_of(900) == 0);
}

TEST_CASE("wpa_supplicant's access points, their names byte by byte") {
  AIOT_NEED_PRIVATE_BUS();
  ConnectedBus here;
  const auto nobody = find(here);
  REQUIRE(!nobody);
  CHECK(nobody.error().code == make_error_code(wifi::Errc::no_daemon));

  REQUIRE(here.service.play("supplicant"));
  const auto manager = find(here);
  REQUIRE(manager.has_value());
  CHECK((*manager)->name() == "wpa_supplicant");
  CHECK((*manager)->interfaces() == std::vector<std::string>{"wlan0"});
  CHECK(here.run([&] { return (*manager)->scan(in(20s)); }).has_value());
  const auto points = here.run([&] { return (*manager)->list(in(20s)); });
  REQUIRE(points.has_value());
  REQUIRE(points->size() == 2);
  const wifi::AccessPoint& first = points->at(0);
  CHECK(std::string(first.ssid.begin(), first.ssid.end()) == "PROV_AB1234");
  CHECK(first.bssid == "24:0a:c4:00:00:01");
  CHECK(first.signal_dbm == -40);
  CHECK(first.frequency_mhz == 2437);
  CHECK(!first.secured);
  CHECK(first.age == 1s);
  CHECK(to_hex(points->at(1).ssid) == "6164685f61316232c3ff00");
  CHECK(points->at(1).secured);
}

TEST_CASE("NetworkManager's access points") {
  AIOT_NEED_PRIVATE_BUS();
  ConnectedBus here("network_manager");
  const auto manager = find(here);
  REQUIRE(manager.has_value());
  CHECK((*manager)->name() == "NetworkManager");
  CHECK((*manager)->interfaces() == std::vector<std::string>{"wlp2s0"});
  CHECK(here.run([&] { return (*manager)->scan(in(20s)); }).has_value());
  const auto points = here.run([&] { return (*manager)->list(in(20s)); });
  REQUIRE(points.has_value());
  REQUIRE(points->size() == 1);
  CHECK(points->at(0).bssid == "24:0a:c4:00:00:01");
  CHECK(points->at(0).signal_percent == 82);
  CHECK(!points->at(0).secured);
  CHECK(points->at(0).age.has_value());

  REQUIRE(here.service.next("network_manager"));
  const auto off = find(here);
  REQUIRE(!off);
  CHECK(off.error().code == make_error_code(wifi::Errc::switched_off));
}
