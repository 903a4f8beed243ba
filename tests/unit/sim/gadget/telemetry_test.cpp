// What a gadget publishes, on a virtual clock.
#include "sim/gadget/mqtt_service.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using namespace std::chrono_literals;
using sim::gadget::Telemetry;

namespace {

constexpr net::TimePoint start{};

sim::gadget::Identity identity() {
  return sim::gadget::make_identity(1, {0x24, 0x0A, 0xC4, 0xA1, 0x07, 0x00});
}

Telemetry telemetry(net::Duration interval, std::uint64_t flood_per_s) {
  return {identity(), {"home/attic", interval, flood_per_s, [] { return "21.5"; }}, start};
}

}  // namespace

TEST_CASE("state and information are retained, and the state has its counterpart") {
  Telemetry engine = telemetry(1s, 0);
  const auto said = engine.greet(start);
  REQUIRE(said.size() == 2);
  CHECK(said[0].topic == "home/attic/240AC4A10700/state");
  CHECK(said[0].payload == "online");
  CHECK(said[0].retained);
  CHECK(said[0].qos == 1);
  CHECK(engine.offline().topic == said[0].topic);
  CHECK(engine.offline().payload == "offline");
  CHECK(engine.offline().retained);
  CHECK(said[1].topic == "home/attic/240AC4A10700/info");
  CHECK(said[1].payload ==
        R"({"name":"Virtual gadget 1","mac":"24:0a:c4:a1:07:00","serial":"240AC4A10700",)"
        R"("model":"aiotctl.gadget.v1","firmware":"1.0.0"})");
  CHECK(said[1].retained);
}

TEST_CASE("readings keep their interval, and do not catch up") {
  Telemetry engine = telemetry(10s, 0);
  auto first = engine.reading(start);
  REQUIRE(first.has_value());
  CHECK(first->topic == "home/attic/240AC4A10700/temperature");
  CHECK(first->payload == "21.5");
  CHECK_FALSE(first->retained);
  CHECK(engine.next_timer() == start + 10s);
  CHECK_FALSE(engine.reading(start + 9999ms));
  CHECK(engine.reading(start + 10s).has_value());
  // The broker was away for a minute and a half.
  CHECK(engine.reading(start + 95s).has_value());
  CHECK_FALSE(engine.reading(start + 96s));
  CHECK(engine.next_timer() == start + 105s);
}

TEST_CASE("a flood is numbered, begins with the connection, and its rate can be changed") {
  Telemetry engine = telemetry(1h, 1000);
  engine.greet(start + 60s);
  CHECK(engine.flood_due(start + 60s) == 0);
  CHECK(engine.flood_due(start + 60s + 100ms) == 100);
  CHECK(engine.next_of_flood().topic == "home/attic/240AC4A10700/flood");
  CHECK(engine.next_of_flood().payload == "message 2");
  CHECK(engine.rate_topic() == "home/attic/240AC4A10700/flood/rate");
  const net::TimePoint later = start + 61s;
  for (const char* nonsense : {"", "-5", "10x", "99999999999999999999999"}) {
    engine.on_message(engine.rate_topic(), nonsense, later);
  }
  engine.on_message("home/attic/240AC4A10700/state", "7", later);
  CHECK(engine.flood_due(later) == 900);
  engine.on_message(engine.rate_topic(), "7", later);
  CHECK(engine.flood_due(later + 1s) == 7);
  engine.on_message(engine.rate_topic(), "0", later + 1s);
  CHECK(engine.flood_due(later + 1h) == 0);
  CHECK(engine.reading(later + 1h).has_value());
}
