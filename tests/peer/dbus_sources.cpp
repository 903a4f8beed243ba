// The sources of discover that ask BlueZ and wpa_supplicant, on mocks of these.
#include <doctest/doctest.h>

#include "job/discover/ble.hpp"
#include "job/discover/wifi.hpp"
#include "peer/bus.hpp"
#include "unit/job/discover/seen.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::discover;
using namespace std::chrono_literals;

namespace {

/// A source at work.
struct Running {
  Request request;
  std::vector<Observation> seen;
  std::vector<SourceState> told;
  std::unique_ptr<Source> source;
  SourceContext context{request, net::steady_clock(), in(60s),
                        [this](Observation o) { seen.push_back(std::move(o)); },
                        [this](const SourceStatus& s) { told.push_back(s.state); }};
  SourceRun<SourceStatus> work{[this] { return source->run(context); }};

  explicit Running(std::unique_ptr<Source> its_source, bool watch = false)
      : source(std::move(its_source)) {
    request.watch = watch;
  }
  bool run_until(const std::function<bool()>& done) { return work.run_until(done); }
  /// What it says when it ends by itself.
  SourceStatus status() {
    REQUIRE(work.run_to_end());
    REQUIRE(work.ended->has_value());
    return **work.ended;
  }
  SourceStatus stop() {
    REQUIRE(work.stop());
    return status();
  }
};

}  // namespace

TEST_CASE("without a bus or daemon the sources say what is missing") {
  Running nothing(make_ble_source("unix:path=/nowhere/bus"));
  const SourceStatus status = nothing.status();
  CHECK(status.state == SourceState::daemon_missing);
  CHECK(status.hint.find("systemctl start dbus") != std::string::npos);

  AIOT_NEED_PRIVATE_BUS();
  PrivateBus service;
  net::asio::io_context loop;
  REQUIRE(run_real(loop, [&] { return service.open(); }).has_value());
  for (const bool wifi : {false, true}) {
    Running source(wifi ? make_wifi_source(service.address()) : make_ble_source(service.address()));
    const SourceStatus lacking = source.status();
    CHECK(lacking.state == SourceState::daemon_missing);
    CHECK(lacking.hint.find("systemctl start") != std::string::npos);
  }
}

TEST_CASE("an advert heard by BlueZ becomes an observation") {
  AIOT_NEED_PRIVATE_BUS();
  PrivateBus service;
  REQUIRE(service.play("bluez"));
  Running source(make_ble_source(service.address()));
  service.cue("bluez");  // speaks as soon as the scan is on
  // The mock gives each device a class, as BR/EDR has it: only what carries data is an advert.
  REQUIRE(source.run_until([&] { return !source.seen.empty(); }));
  const Observation& seen = source.seen.back();
  CHECK(text_fact(seen, "ecosystem") == "BTHome");
  CHECK(find_fact(seen, "ble.temperature_celsius").has_value());
  const SourceStatus status = source.stop();
  CHECK(status.state == SourceState::ran);
  CHECK(status.detail == "1 adverts on hci0 (00:01:02:03:04:05)");
}

TEST_CASE("a search that watches waits for bluetoothd, and goes on when it comes back") {
  AIOT_NEED_PRIVATE_BUS();
  PrivateBus service;
  net::asio::io_context loop;
  REQUIRE(run_real(loop, [&] { return service.open(); }).has_value());
  Running source(make_ble_source(service.address()), true);
  const auto is_told = [&](SourceState state) {
    return source.run_until([&] { return !source.told.empty() && source.told.back() == state; });
  };
  const auto hears_one_more = [&] {
    const std::size_t before = source.seen.size();
    return source.run_until([&] { return source.seen.size() > before; });
  };
  CHECK(is_told(SourceState::daemon_missing));
  service.begin("bluez_restarts");
  CHECK(hears_one_more());
  CHECK(source.told.back() == SourceState::ran);
  service.cue("bluez_restarts");  // it stops
  CHECK(is_told(SourceState::daemon_missing));
  service.cue("bluez_restarts");  // and comes back
  CHECK(hears_one_more());
  CHECK(source.told.back() == SourceState::ran);
  CHECK(source.stop().state == SourceState::ran);
}

TEST_CASE("a powered-off adapter is reported with what to do") {
  AIOT_NEED_PRIVATE_BUS();
  PrivateBus service;
  REQUIRE(service.play("bluez_powered_off"));
  Running source(make_ble_source(service.address()));
  const SourceStatus status = source.status();
  CHECK(status.state == SourceState::no_adapter);
  CHECK(status.hint.find("bluetoothctl power on") != std::string::npos);
}

TEST_CASE("wpa_supplicant's list has the device that waits") {
  AIOT_NEED_PRIVATE_BUS();
  PrivateBus service;
  REQUIRE(service.play("supplicant"));
  Running source(make_wifi_source(service.address()));
  CHECK(source.run_until([&] { return !source.seen.empty(); }));
  CHECK(text_fact(source.seen.front(), "wifi.ssid") == "PROV_AB1234");
  CHECK(text_fact(source.seen.front(), "state") == "unprovisioned");
  const SourceStatus status = source.stop();
  CHECK(status.state == SourceState::ran);
  CHECK(status.detail == "2 access points on wlan0 (wpa_supplicant)");
}

TEST_CASE("a speaker found by inquiry has its class and services") {
  AIOT_NEED_PRIVATE_BUS();
  PrivateBus service;
  net::asio::io_context loop;
  REQUIRE(run_real(loop, [&] { return service.open(); }).has_value());
  REQUIRE(service.play("fake_bluez", {"classic"}));
  {
    Running source(make_bluetooth_source(service.address()), true);
    // The device may be seen before the inquiry runs.
    REQUIRE(source.run_until([&] { return !source.seen.empty() && !source.told.empty(); }));
    const Observation& seen = source.seen.front();
    CHECK(text_fact(seen, "bluetooth.class_major") == "audio/video");
    CHECK(text_fact(seen, "bluetooth.class_minor") == "loudspeaker");
    CHECK(seen.addresses == std::vector<std::string>{"bluetooth:A4:C1:38:00:00:01"});
    CHECK(seen.jobs == std::vector<std::string>{"pair"});
    CHECK(find_fact(seen, "bluetooth.services") ==
          Value(Array{"A/V Remote Control", "Audio Sink"}));
    CHECK(source.stop().detail == "1 device on hci0");
  }
  // It is not an LE advert.
  Running adverts(make_ble_source(service.address()), true);
  CHECK(adverts.run_until([&] { return !adverts.told.empty(); }));
  CHECK(adverts.stop().state == SourceState::ran);
  CHECK(adverts.seen.empty());
}
