// What a request says of a broker.
#include "sim/gadget/mqtt_service.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "unit/net/real_loop.hpp"

using namespace aiot;
using namespace std::chrono_literals;
using sim::gadget::broker_of;

namespace {

sim::Request at(std::string address) {
  sim::Request request;
  request.mqtt = std::move(address);
  return request;
}

std::string refusal(const sim::Request& request) {
  const auto broker = broker_of(request);
  return broker.has_value() ? "none" : broker.error().stable_code();
}

}  // namespace

TEST_CASE("a broker's address gives host, port, TLS and the prefix of the topics") {
  struct Case {
    const char* address;
    const char* host;
    std::uint16_t port;
    bool tls;
    const char* prefix;
  };
  const Case cases[] = {
      {"mqtt://broker", "broker", 0, false, "gadgets"},
      {"mqtt://broker/", "broker", 0, false, "gadgets"},
      {"mqtt://[::1]:1884/home/attic/", "::1", 1884, false, "home/attic"},
      {"mqtts://10.0.0.1/a", "10.0.0.1", 0, true, "a"},
      {"mqtt://broker//x", "broker", 0, false, "/x"},
  };
  for (const Case& one : cases) {
    CAPTURE(std::string(one.address));
    const auto broker = broker_of(at(one.address));
    REQUIRE(broker.has_value());
    REQUIRE(broker->has_value());
    CHECK((*broker)->options.host == one.host);
    CHECK((*broker)->options.port == one.port);
    CHECK((*broker)->options.tls == one.tls);
    CHECK((*broker)->prefix == one.prefix);
    CHECK((*broker)->interval == 1s);
  }
}

TEST_CASE("no address is no broker; what belongs to one is refused without it") {
  sim::Request request;
  auto none = broker_of(request);
  REQUIRE(none.has_value());
  CHECK_FALSE(none->has_value());
  request.mqtt_rate = 1;
  CHECK(refusal(request) == "sim.bad-broker");
  request.mqtt_rate = 0;
  request.credentials_file = "login.yaml";
  CHECK(refusal(request) == "sim.bad-broker");
}

TEST_CASE("addresses, rates and intervals that make no sense") {
  CHECK(refusal(at("tcp://broker:1883")) == "usage.scheme");
  CHECK(refusal(at("mqtt://")) != "none");
  CHECK(refusal(at("mqtt://broker/a?qos=1")) == "sim.bad-broker");
  CHECK(refusal(at("mqtt://broker/home/+/x")) == "mqtt.topic");
  CHECK(refusal(at("mqtt://broker/#")) == "mqtt.topic");
  CHECK(refusal(at("mqtt://broker/" + std::string(1025, 'x'))) == "sim.bad-broker");
  sim::Request fast = at("mqtt://broker");
  fast.mqtt_rate = 1'000'001;
  CHECK(refusal(fast) == "sim.bad-rate");
  sim::Request still = at("mqtt://broker");
  still.mqtt_interval = 0ms;
  CHECK(refusal(still) == "sim.bad-rate");
}

TEST_CASE("the login is read from a file that is its owner's alone") {
  const TemporaryFolder folder;
  folder.write("login.yaml", "user: line-7\npassword: correct horse\n");
  sim::Request request = at("mqtt://broker");
  request.credentials_file = (folder.path() / "login.yaml").string();
  ::chmod(request.credentials_file.c_str(), 0600);
  const auto broker = broker_of(request);
  REQUIRE(broker.has_value());
  CHECK((*broker)->options.user == "line-7");
  CHECK((*broker)->options.password == "correct horse");
  ::chmod(request.credentials_file.c_str(), 0644);
  const auto open = broker_of(request);
  REQUIRE_FALSE(open.has_value());
  CHECK(open.error().condition() == Condition::refused_security);
  CHECK(open.error().message().find("horse") == std::string::npos);
}
