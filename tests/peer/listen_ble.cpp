// The listen job's Bluetooth source, on BlueZ as python3-dbusmock plays it.
#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "job/listen/source/ble.hpp"
#include "peer/bus.hpp"
#include "skip.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::listen;

namespace {

struct Running {
  net::asio::io_context loop;
  net::asio::cancellation_signal cancel;
  Request request;
  std::vector<Message> messages;
  std::vector<std::string> notices;
  std::unique_ptr<Source> source;
  SourceContext context{
      request, net::steady_clock(),
      [this](Message message) { messages.push_back(std::move(message)); },
      [this](std::string code, std::string, std::string) { notices.push_back(std::move(code)); },
      nullptr};
  std::optional<Result<void>> ended;

  Running(const std::string& address, bool reconnect, const std::string& bus) {
    request.reconnect = reconnect;
    auto made = make_ble_source(*parse_address(address), request, bus);
    REQUIRE(made.has_value());
    source = *std::move(made);
    net::asio::co_spawn(
        loop,
        [this]() -> net::asio::awaitable<void> {
          co_await net::asio::this_coro::throw_if_cancelled(false);
          Result<void> result = co_await source->run(context);
          ended.emplace(std::move(result));
        },
        net::asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr) {}));
  }
  bool run_until(const std::function<bool()>& done) {
    const auto end = in(std::chrono::seconds(30));
    while (!done() && loop.run_one_until(end) != 0) {
    }
    return done();
  }
};

}  // namespace

TEST_CASE("an address that is none is told how to write one") {
  const Request request;
  for (const char* bad : {"ble:AA:BB", "ble:*/2a19", "ble:AA:BB:CC:DD:EE:FF?baud=9600"}) {
    const auto made = make_ble_source(*parse_address(bad), request, "");
    REQUIRE_MESSAGE(!made, bad);
    CHECK(made.error().condition() == Condition::usage);
  }
}

TEST_CASE("adverts are messages, one for each piece of data") {
  const std::string missing = PrivateBus::missing();
  if (!missing.empty()) AIOT_SKIP(missing);
  PrivateBus service;
  REQUIRE(service.play("bluez"));
  Running source("ble:a4:c1:38:00:00:01", true, service.address());
  service.cue("bluez");
  REQUIRE(source.run_until([&] { return source.messages.size() >= 2; }));
  CHECK(source.messages[0].topic == "service_data/fcd2");
  CHECK(source.messages[0].payload == std::string("\x40\x02\xca\x09\x03\xbf\x13"));
  CHECK(source.messages[0].from == "A4:C1:38:00:00:01");
  CHECK(source.messages[1].topic == "manufacturer_data/01a8");
  CHECK(source.messages[1].payload == std::string("\x01\xff\x00", 3));
  source.cancel.emit(net::asio::cancellation_type::terminal);
  CHECK(source.run_until([&] { return source.ended.has_value(); }));
}

TEST_CASE("a characteristic's notifications are messages, until the device is gone") {
  const std::string missing = PrivateBus::missing();
  if (!missing.empty()) AIOT_SKIP(missing);
  PrivateBus service;
  REQUIRE(service.play("bluez_gatt"));
  Running source("ble:A4:C1:38:00:00:01/2a19", false, service.address());
  service.cue("bluez_gatt");
  CHECK(source.run_until([&] { return !source.messages.empty() || source.ended; }));
  if (source.ended && !*source.ended) MESSAGE(source.ended->error().message());
  REQUIRE(!source.messages.empty());
  CHECK(source.messages[0].payload == std::string("\x00\xff\x0a", 3));
  CHECK(source.messages[0].topic == "2a19");
  service.cue("bluez_gatt");
  CHECK(source.run_until([&] { return source.ended.has_value(); }));
  CHECK(source.ended->has_value());
}
