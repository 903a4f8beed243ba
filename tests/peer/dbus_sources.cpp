// The sources of discover that ask BlueZ and wpa_supplicant, on mocks of these.
#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "job/discover/source/system_bus.hpp"
#include "peer/bus.hpp"
#include "skip.hpp"
#include "unit/job/discover/seen.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::discover;
using namespace std::chrono_literals;

namespace {

/// A source at work.
struct Running {
  net::asio::io_context loop;
  net::asio::cancellation_signal cancel;
  Request request;
  std::vector<Observation> seen;
  std::unique_ptr<Source> source;
  SourceContext context{request, net::steady_clock(), in(60s),
                        [this](Observation o) { seen.push_back(std::move(o)); }};
  std::optional<Result<SourceStatus>> status;

  explicit Running(std::unique_ptr<Source> its_source) : source(std::move(its_source)) {
    net::asio::co_spawn(
        loop,
        [this]() -> net::asio::awaitable<void> {
          co_await net::asio::this_coro::throw_if_cancelled(false);
          Result<SourceStatus> ended = co_await source->run(context);
          status.emplace(std::move(ended));
        },
        net::asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr) {}));
  }
  /// Until `done()`, 30 s at most.
  bool run_until(const std::function<bool()>& done) {
    const auto end = in(30s);
    while (!done() && loop.run_one_until(end) != 0) {
    }
    return done();
  }
  SourceStatus end() {
    cancel.emit(net::asio::cancellation_type::terminal);
    REQUIRE(run_until([this] { return status.has_value(); }));
    REQUIRE(status->has_value());
    return **status;
  }
};

}  // namespace

TEST_CASE("without a bus or daemon the sources say what is missing") {
  Running nothing(make_ble_source("unix:path=/nowhere/bus"));
  REQUIRE(nothing.run_until([&] { return nothing.status.has_value(); }));
  REQUIRE(nothing.status->has_value());
  CHECK((*nothing.status)->state == SourceState::daemon_missing);
  CHECK((*nothing.status)->hint.find("systemctl start dbus") != std::string::npos);

  const std::string missing = PrivateBus::missing();
  if (!missing.empty()) AIOT_SKIP(missing);
  PrivateBus service;
  net::asio::io_context loop;
  REQUIRE(run_real(loop, [&] { return service.open(); }).has_value());
  for (const bool wifi : {false, true}) {
    Running source(wifi ? make_wifi_source(service.address()) : make_ble_source(service.address()));
    REQUIRE(source.run_until([&] { return source.status.has_value(); }));
    REQUIRE(source.status->has_value());
    CHECK((*source.status)->state == SourceState::daemon_missing);
    CHECK((*source.status)->hint.find("systemctl start") != std::string::npos);
  }
}

TEST_CASE("an advert heard by BlueZ becomes an observation") {
  const std::string missing = PrivateBus::missing();
  if (!missing.empty()) AIOT_SKIP(missing);
  PrivateBus service;
  REQUIRE(service.play("bluez"));
  Running source(make_ble_source(service.address()));
  service.cue("bluez");  // speaks as soon as the scan is on
  CHECK(source.run_until([&] { return source.seen.size() >= 2; }));
  const Observation& seen = source.seen.back();
  CHECK(text_fact(seen, "ecosystem") == "BTHome");
  CHECK(find_fact(seen, "ble.temperature_celsius") != nullptr);
  const SourceStatus status = source.end();
  CHECK(status.state == SourceState::ran);
  CHECK(status.detail == "2 adverts on hci0 (00:01:02:03:04:05)");
}

TEST_CASE("a powered-off adapter is told with what to do") {
  const std::string missing = PrivateBus::missing();
  if (!missing.empty()) AIOT_SKIP(missing);
  PrivateBus service;
  REQUIRE(service.play("bluez_powered_off"));
  Running source(make_ble_source(service.address()));
  REQUIRE(source.run_until([&] { return source.status.has_value(); }));
  REQUIRE(source.status->has_value());
  CHECK((*source.status)->state == SourceState::no_adapter);
  CHECK((*source.status)->hint.find("bluetoothctl power on") != std::string::npos);
}

TEST_CASE("wpa_supplicant's list has the device that waits") {
  const std::string missing = PrivateBus::missing();
  if (!missing.empty()) AIOT_SKIP(missing);
  PrivateBus service;
  REQUIRE(service.play("supplicant"));
  Running source(make_wifi_source(service.address()));
  CHECK(source.run_until([&] { return !source.seen.empty(); }));
  CHECK(text_fact(source.seen.front(), "wifi.ssid") == "PROV_AB1234");
  CHECK(text_fact(source.seen.front(), "state") == "unprovisioned");
  const SourceStatus status = source.end();
  CHECK(status.state == SourceState::ran);
  CHECK(status.detail == "2 access points on wlan0 (wpa_supplicant)");
}
