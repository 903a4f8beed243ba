#include "protocol/protocomm/session.hpp"

#include <doctest/doctest.h>

#include "direct.hpp"
#include "support/show.hpp"

using namespace aiot;
using namespace aiot::protocomm;
using namespace std::chrono_literals;
using provisioning::Errc;
using provisioning::FaultKind;
using provisioning::Stage;

namespace {

const std::vector<Stage> all_stages = {Stage::found, Stage::connected, Stage::authenticated,
                                       Stage::credentials_sent, Stage::joined};

boost::system::error_code cause_of(const Result<void>& ended) {
  REQUIRE_FALSE(ended);
  return ended.error().code;
}

/// What a device with this fault makes of a run.
boost::system::error_code cause_of(FaultKind kind, Stage stage = Stage::authenticated,
                                   unsigned security = 2) {
  DeviceOptions options = device_with(security);
  options.faults.push_back({kind, stage});
  Bench bench(options);
  const Result<void> ended = bench.run(home_plan());
  CHECK(bench.clock.elapsed() < 75s);
  return cause_of(ended);
}

}  // namespace

TEST_CASE("a device joins, by every security scheme") {
  for (const unsigned security : {0U, 1U, 2U}) {
    CAPTURE(security);
    Bench bench(device_with(security));
    REQUIRE(bench.run(home_plan()));
    CHECK(bench.flow.stages == all_stages);
    CHECK(bench.result.ssid == "home");
    CHECK(bench.result.ip == "192.168.1.40");
    CHECK(bench.device.joined(bench.clock.now()) == "home");
    CHECK(bench.flow.words.find("secret-pass") == std::string::npos);
    CHECK(bench.flow.words.find("abcd1234") == std::string::npos);
    CHECK(bench.clock.elapsed() < 1s);  // of which the join takes 700 ms
  }
}

TEST_CASE("older devices do not tell their scheme") {
  for (const unsigned security : {0U, 1U}) {
    DeviceOptions options = device_with(security);
    options.tells_security = false;
    Bench bench(options);
    CHECK(bench.run(home_plan()));
  }
  DeviceOptions options = device_with(2);
  options.tells_security = false;
  Bench bench(options);
  CHECK(cause_of(bench.run(home_plan())) == Errc::unsupported_version);
}

TEST_CASE("nonces follow what the device tells of its patch level") {
  DeviceOptions options = device_with(2);
  options.credentials.patch = 0;
  Bench bench(options);
  CHECK(bench.run(home_plan()));
}

TEST_CASE("a wrong proof is known by the step at which the request is dropped") {
  for (const unsigned security : {1U, 2U}) {
    for (const Errc cause_of_drop : {Errc::superseded, Errc::link_lost}) {
      CAPTURE(security);
      Bench bench(device_with(security));
      bench.transport.cause = cause_of_drop;
      Plan plan = home_plan();
      plan.secrets.proof = "abcd1235";
      CHECK(cause_of(bench.run(plan)) == Errc::wrong_proof);
      CHECK(bench.clock.elapsed() < 100ms);
      CHECK(bench.flow.stages.back() == Stage::connected);
      // Bluedroid closes the link with it.
      Bench lost(device_with(security));
      lost.transport.spoil(2, Mishap::lost);
      CHECK(cause_of(lost.run(home_plan())) == Errc::wrong_proof);
    }
    Bench bench(device_with(security));
    Plan plan = home_plan();
    plan.secrets.proof.clear();
    CHECK(cause_of(bench.run(plan)) == Errc::missing_secret);
  }
  Bench bench(device_with(2));
  Plan plan = home_plan();
  plan.secrets.username.clear();
  CHECK(cause_of(bench.run(plan)) == Errc::missing_secret);
  CHECK(bench.transport.requests == std::vector<std::string>{"proto-ver"});
}

TEST_CASE("a device without a proof takes none, although one is given") {
  DeviceOptions options = device_with(1);
  options.credentials.proof.clear();
  Bench bench(options);
  CHECK(bench.run(home_plan()));
}

TEST_CASE("a verifier that lost its leading zeros is tried once") {
  DeviceOptions options = device_with(2);
  options.credentials.form = crypto::SrpVerifierForm::numbers;
  // The device's first random bytes are its salt: here they begin with zero.
  Random zeros_first = [first = true, rest = counted()](std::size_t count) mutable {
    Bytes out = rest(count);
    if (count == 16) out[0] = 0;
    first = false;
    return out;
  };
  net::asio::io_context context;
  net::VirtualClock clock;
  Device device(options, zeros_first);
  DirectTransport transport(clock, device);
  NotedFlow flow;
  pair::PairResult result;
  const auto run = [&](const Plan& plan) {
    return clock.run(context, [&]() -> net::Task<void> {
      co_return co_await provision(transport, plan, flow, result, counted());
    });
  };
  CHECK(run(home_plan()));
  CHECK(transport.restarts == 1);
  Plan wrong = home_plan();
  wrong.secrets.proof = "abcd1235";
  transport.restarts = 0;
  CHECK(cause_of(run(wrong)) == Errc::wrong_proof);
  CHECK(transport.restarts <= 2);
}

TEST_CASE("a stale session is left behind: a new connection, and command 0 again") {
  Bench bench(device_with(2));
  bench.transport.spoil(1, Mishap::refused);
  CHECK(bench.run(home_plan()));
  CHECK(bench.transport.restarts == 1);
}

TEST_CASE("each failure to join has its cause, and leaves the device ready") {
  Bench bench(device_with(2));
  Plan wrong = home_plan();
  wrong.wifi.password = "secret-past";
  const Result<void> refused = bench.run(wrong);
  CHECK(cause_of(refused) == Errc::network_refused);
  CHECK(refused.error().hint.find("off and on") == std::string::npos);
  CHECK(refused.error().message().find("secret") == std::string::npos);
  CHECK(bench.transport.requests.back() == "prov-ctrl");
  // The same device takes the right one, without having been switched off.
  bench.device.new_session();
  bench.flow.stages.clear();
  CHECK(bench.run(home_plan()));
  CHECK(bench.flow.stages == all_stages);

  DeviceOptions options = device_with(1);
  for (int i = 0; i < 9; ++i) {
    options.networks.push_back({"neighbour " + std::to_string(i),
                                "02:00:00:00:01:0" + std::to_string(i), 1, -80 + i, "wpa3"});
  }
  Bench elsewhere(options);
  Plan plan = home_plan();
  plan.wifi.ssid = "hone";
  CHECK(cause_of(elsewhere.run(plan)) == Errc::network_not_found);
  REQUIRE(elsewhere.result.networks.size() == 10);
  CHECK(elsewhere.result.networks[0].ssid == "home");
  CHECK(elsewhere.result.networks[1].ssid == "neighbour 8");
  CHECK(elsewhere.result.networks[1].rssi_dbm == -72);

  CHECK(cause_of(FaultKind::refuse_password) == Errc::network_refused);
  CHECK(cause_of(FaultKind::no_network) == Errc::network_not_found);
  CHECK(cause_of(FaultKind::no_address) == Errc::no_address);
}

TEST_CASE("a device that keeps earlier credentials is reset, or says that it cannot be") {
  // Another app gave a wrong password, and went away.
  Bench failed(device_with(1));
  Plan wrong = home_plan();
  wrong.wifi.password = "secret-past";
  failed.transport.spoil(6, Mishap::refused);  // it does not live to see the reset
  for (int polls = 0; polls < 1; ++polls) static_cast<void>(failed.run(wrong));
  failed.device.new_session();
  CHECK(failed.run(home_plan()));

  CHECK(cause_of(FaultKind::wrong_state) == Errc::window_closed);
  DeviceOptions options = device_with(2);
  options.keeps_running = true;
  options.faults.push_back({FaultKind::wrong_state, Stage::found});
  Bench again(options);
  CHECK(again.run(home_plan()));
}

TEST_CASE("virtual devices' faults at each stage") {
  for (const unsigned security : {0U, 1U, 2U}) {
    CAPTURE(security);
    for (const Stage stage :
         {Stage::found, Stage::authenticated, Stage::credentials_sent, Stage::joined}) {
      CAPTURE(static_cast<int>(stage));
      CHECK(cause_of(FaultKind::silent, stage, security) == Errc::no_reply);
      CHECK(cause_of(FaultKind::drop, stage, security) == Errc::link_lost);
      CHECK(cause_of(FaultKind::garbage, stage, security) == Errc::protocol_violated);
    }
  }
}

TEST_CASE("whatever goes wrong at whatever step ends in a cause, and in time") {
  for (const unsigned security : {0U, 1U, 2U}) {
    DeviceOptions options = device_with(security);
    options.join_takes = 5ms;
    Bench good(options);
    REQUIRE(good.run(home_plan()));
    for (std::size_t at = 0; at < good.transport.requests.size(); ++at) {
      for (const Mishap mishap : {Mishap::refused, Mishap::lost, Mishap::silence, Mishap::truncated,
                                  Mishap::garbage, Mishap::other_kind}) {
        CAPTURE(security);
        CAPTURE(at);
        CAPTURE(static_cast<int>(mishap));
        Bench bench(options);
        bench.transport.spoil(at, mishap);
        const Result<void> ended = bench.run(home_plan());
        CHECK(bench.clock.elapsed() < 30s);
        if (ended) {
          // A first command that is dropped is tried again; without a cipher half of a status may
          // be one.
          CHECK((mishap == Mishap::refused || security == 0));
          continue;
        }
        CHECK(std::string(ended.error().code.category().name()) == "pair");
        CHECK(ended.error().message().find("secret-pass") == std::string::npos);
      }
    }
  }
}

TEST_CASE("an application's endpoint") {
  Bench bench(device_with(2));
  Plan plan = home_plan();
  plan.endpoint = "custom-data";
  plan.endpoint_data = "hello";
  REQUIRE(bench.run(plan));
  CHECK(bench.result.endpoint_reply == "SUCCESS");
  Bench without(device_with(2));
  plan.endpoint = "other-data";
  const Result<void> ended = without.run(plan);
  CHECK(cause_of(ended) == Errc::device_refused);
  CHECK(ended.error().message().find("other-data") != std::string::npos);
}

TEST_CASE("credentials that no ESP device takes") {
  const auto with = [](std::string ssid, std::string password) {
    Bench bench(device_with(0));
    Plan plan = home_plan();
    plan.wifi.ssid = std::move(ssid);
    plan.wifi.password = std::move(password);
    return cause_of(bench.run(plan));
  };
  CHECK(with("", "secret-pass") == Errc::bad_wifi);
  CHECK(with(std::string(33, 'x'), "secret-pass") == Errc::bad_wifi);
  CHECK(with("home", std::string(64, 'a')) == Errc::bad_wifi);
}
