// The listen job's Bluetooth source, on BlueZ as python3-dbusmock plays it.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include "job/listen/source/ble.hpp"
#include "peer/bus.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::listen;

namespace {

std::unique_ptr<Source> made(const std::string& address, const Request& request,
                             const std::string& bus) {
  auto source = make_ble_source(*parse_address(address), request, bus);
  REQUIRE(source.has_value());
  return *std::move(source);
}

struct Running {
  Request request;
  std::vector<Message> messages;
  std::vector<std::string> notices;
  std::unique_ptr<Source> source;
  SourceContext context{
      request, net::steady_clock(),
      [this](Message message) { messages.push_back(std::move(message)); },
      [this](std::string code, std::string, std::string) { notices.push_back(std::move(code)); },
      nullptr};
  SourceRun<void> work{[this] { return source->run(context); }};

  Running(const std::string& address, Request its_request, const std::string& bus)
      : request(std::move(its_request)), source(made(address, request, bus)) {}
  bool run_until(const std::function<bool()>& done) { return work.run_until(done); }
};

const Value* ble_field(const Message& message, std::string_view name) {
  return message.ble.find(name);
}

std::string said(const Message& message, std::string_view name) {
  const Value* value = ble_field(message, name);
  return value != nullptr && value->string() != nullptr ? *value->string() : "";
}

std::optional<double> celsius(const Message& message) {
  const Value* value = ble_field(message, "temperature_celsius");
  if (value == nullptr) return std::nullopt;
  return std::get<double>(value->storage());
}

Request once() {
  Request request;
  request.reconnect = false;
  return request;
}

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
  AIOT_NEED_PRIVATE_BUS();
  PrivateBus service;
  REQUIRE(service.play("bluez"));
  Running source("ble:a4:c1:38:00:00:01", Request(), service.address());
  service.cue("bluez");
  REQUIRE(source.run_until([&] { return source.messages.size() >= 2; }));
  CHECK(source.messages[0].topic == "service_data/fcd2");
  CHECK(source.messages[0].payload == std::string("\x40\x02\xca\x09\x03\xbf\x13"));
  CHECK(source.messages[0].from == "A4:C1:38:00:00:01");
  CHECK(said(source.messages[0], "format") == "bthome-v2");
  CHECK(said(source.messages[0], "security") == "plain");
  CHECK(celsius(source.messages[0]) == 25.06);
  CHECK(source.messages[1].topic == "manufacturer_data/01a8");
  CHECK(said(source.messages[1], "format") == "");
  CHECK(source.messages[1].payload == std::string("\x01\xff\x00", 3));
  CHECK(source.work.stop());
}

TEST_CASE("an encrypted advert is opened by its key; a wrong key is told at once") {
  AIOT_NEED_PRIVATE_BUS();
  TemporaryFolder folder;
  const std::string file = (folder.path() / "keys.yaml").string();
  struct Case {
    const char* key;
    const char* security;
    std::optional<double> celsius;
    std::vector<std::string> notices;
  };
  const Case cases[] = {
      {"231d39c1d7cc1ab1aee224cd096db932", "opened", 25.06, {}},
      {"231d39c1d7cc1ab1aee224cd096db933", "wrong key", {}, {"listen.key"}},
      {nullptr, "needs key", {}, {}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.security);
    Request request;
    if (one.key != nullptr) {
      folder.write("keys.yaml", std::string("54:48:E6:8F:80:A5: ") + one.key + "\n");
      ::chmod(file.c_str(), 0600);
      request.keys_file = file;
    }
    PrivateBus service;
    REQUIRE(service.play("bluez_sealed"));
    Running source("ble:*", request, service.address());
    service.cue("bluez_sealed");
    REQUIRE(source.run_until([&] { return !source.messages.empty(); }));
    CHECK(said(source.messages[0], "security") == one.security);
    CHECK(celsius(source.messages[0]) == one.celsius);
    CHECK(source.notices == one.notices);
    CHECK(source.work.stop());
  }
}

TEST_CASE("a characteristic's notifications are messages, until the device is gone") {
  AIOT_NEED_PRIVATE_BUS();
  PrivateBus service;
  REQUIRE(service.play("bluez_gatt"));
  Running source("ble:A4:C1:38:00:00:01/2a19", once(), service.address());
  service.cue("bluez_gatt");
  auto& ended = source.work.ended;
  CHECK(source.run_until([&] { return !source.messages.empty() || ended; }));
  if (ended && !*ended) MESSAGE(ended->error().message());
  REQUIRE(!source.messages.empty());
  CHECK(source.messages[0].payload == std::string("\x00\xff\x0a", 3));
  CHECK(source.messages[0].topic == "2a19");
  service.cue("bluez_gatt");
  CHECK(source.work.run_to_end());
  CHECK(source.work.ended->has_value());
}
