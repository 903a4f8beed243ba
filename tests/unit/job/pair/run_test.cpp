#include "job/pair/run.hpp"

#include <doctest/doctest.h>

#include <array>
#include <filesystem>

#include "aiot/document.hpp"

namespace aiot::pair::test {
namespace {

using namespace std::chrono_literals;
using provisioning::Errc;

/// Time that a session moves on.
class StepClock final : public net::Clock {
 public:
  net::TimePoint now() const override { return now_; }
  net::Task<void> sleep_until(net::TimePoint when) override {
    now_ = std::max(now_, when);
    co_return Result<void>();
  }

 private:
  net::TimePoint now_{1h};
};

/// What the host of a toy device's address fails with; its stages are what its path lists.
const std::array<std::pair<std::string_view, Errc>, 12> causes = {
    {{"missing", Errc::not_found},
     {"busy", Errc::busy},
     {"superseded", Errc::superseded},
     {"version", Errc::unsupported_version},
     {"proof", Errc::wrong_proof},
     {"rejected", Errc::rejected_by_user},
     {"network", Errc::network_not_found},
     {"password", Errc::network_refused},
     {"dhcp", Errc::no_address},
     {"window", Errc::window_closed},
     {"lost", Errc::link_lost},
     {"garbage", Errc::protocol_violated}}};

/// The last of what sessions were given.
struct Given {
  Secrets secrets;
  std::optional<WifiCredentials> wifi;
  int sessions = 0;
};
Given given;

bool takes_toy(const Target& target) { return target.address.scheme == "tcp"; }

/// tcp://CAUSE:N fails after N stages.
net::Task<void> pair_toy(Attempt& attempt) {
  given.secrets = attempt.target.secrets;
  given.wifi = attempt.request.wifi;
  ++given.sessions;
  const Address& address = attempt.target.address;
  const std::size_t stages = std::min<std::size_t>(address.port, 5);
  for (std::size_t i = 0; i < stages; ++i) {
    AIOT_CO_CHECK(co_await attempt.run.clock().sleep_for(10ms));
    attempt.flow.reached(static_cast<Stage>(i));
  }
  for (const auto& [host, errc] : causes) {
    if (host == address.host) co_return make_error(errc, "toy");
  }
  attempt.result.id = address.host;
  co_return Result<void>();
}

bool takes_bare(const Target& target) { return target.address.scheme == "udp"; }
/// Has no authentication, and fails right after it is connected.
net::Task<void> pair_bare(Attempt& attempt) {
  attempt.flow.reached(Stage::connected);
  co_return make_error(Errc::no_reply, "toy");
}
constexpr Stage bare_without[] = {Stage::found, Stage::authenticated};

bool takes_keyed(const Target& target) { return target.address.scheme == "homekit"; }
constexpr Stage keyed_without[] = {Stage::credentials_sent};

const std::array<Protocol, 3> toys = {
    {{"toy", "for tests", takes_toy, true, pair_toy},
     {"bare", "for tests", takes_bare, false, pair_bare, bare_without},
     {"keyed", "for tests", takes_keyed, false, pair_toy, keyed_without, true}}};

struct Events final : EventSink {
  void on_event(const Event& event) override {
    if (const auto* step = std::get_if<event::Step>(&event)) steps.push_back(step->name);
    if (const auto* log = std::get_if<event::Log>(&event)) logs.push_back(log->text);
  }
  std::vector<std::string> steps;
  std::vector<std::string> logs;
};

net::Task<void> confirm_toy(Attempt& attempt) {
  if (attempt.target.address.host == "lost") co_return make_error(Errc::not_found, "toy");
  if (attempt.target.address.host == "elsewhere") co_return make_error(Errc::wrong_subnet, "toy");
  attempt.result.ip = "192.0.2.1";
  co_return Result<void>();
}

std::vector<Target> targets_of(std::vector<std::string_view> texts) {
  std::vector<Target> targets;
  for (const std::string_view text : texts) targets.push_back(*parse_target(text));
  return targets;
}

Result<Report> run_toys(const std::vector<Target>& targets, const Request& request,
                        Events* events = nullptr) {
  StepClock clock;
  Events own;
  given = {};
  const Environment environment{toys, &clock, std::chrono::system_clock::now, confirm_toy};
  return run_in(targets, request, environment, events ? *events : own, {});
}

Request home() {
  Request request;
  request.wifi = {"home", "secret-pass", "", false};
  return request;
}

}  // namespace

TEST_CASE("pair: the stages of a device, as events and in its result") {
  Events events;
  const auto report = run_toys(targets_of({"tcp://good:5"}), home(), &events);
  REQUIRE(report.has_value());
  CHECK(report->ok());
  const PairResult& result = report->devices[0].result;
  CHECK(result.protocol == "toy");
  REQUIRE(result.stages.size() == 5);
  CHECK(result.stages[0].stage == Stage::found);
  CHECK(result.stages[4].stage == Stage::joined);
  CHECK(result.stages[4].ms == doctest::Approx(50));
  CHECK(events.steps ==
        std::vector<std::string>{"find", "connect", "authenticate", "send credentials", "join"});
  CHECK(events.logs.front() == "found after 10 ms");
  CHECK(events.logs.back() == "joined after 50 ms");
}

TEST_CASE("pair: each cause has its own code, and the step that it happened at") {
  for (const auto& [host, errc] : causes) {
    for (std::uint16_t stages = 1; stages < 5; ++stages) {
      CAPTURE(host);
      const std::string text = "tcp://" + std::string(host) + ":" + std::to_string(stages);
      const auto report = run_toys(targets_of({text}), home());
      REQUIRE(report.has_value());
      const auto& device = report->devices[0];
      REQUIRE(device.error.has_value());
      CHECK(device.error->code == errc);
      CHECK(device.step == step_names[stages]);
      CHECK(device.result.stages.size() == stages);
    }
  }
}

TEST_CASE("pair: a step that a protocol does not have is not blamed") {
  Request none;
  const auto report = run_toys(targets_of({"udp://good:1"}), none);
  REQUIRE(report.has_value());
  CHECK(report->devices[0].step == "send credentials");
}

TEST_CASE("pair: one failure does not stop the others") {
  const auto report =
      run_toys(targets_of({"tcp://a:5", "tcp://proof:2", "tcp://b:5", "tcp://dhcp:4"}), home());
  REQUIRE(report.has_value());
  CHECK(!report->ok());
  CHECK(!report->devices[0].error);
  CHECK(report->devices[1].error->code == Errc::wrong_proof);
  CHECK(!report->devices[2].error);
  CHECK(report->devices[3].error->code == Errc::no_address);
}

TEST_CASE("pair: secrets of the target come first, then its code's, then the request's") {
  Request request = home();
  request.secrets = {"request-pop", "request-user", "111111", "request-token"};
  std::vector<Target> targets = targets_of({"tcp://good:5"});
  targets[0].code =
      R"({"ver":"v1","name":"P","username":"code-user","pop":"code-pop","transport":"ble"})";
  targets[0].secrets.proof = "own-pop";
  targets[0].wifi = {"guests", "other-pass", "", false};
  REQUIRE(run_toys(targets, request).has_value());
  CHECK(given.secrets.proof == "own-pop");
  CHECK(given.secrets.username == "code-user");
  CHECK(given.secrets.passkey == "111111");
  CHECK(given.secrets.token == "request-token");
  CHECK(given.wifi->ssid == "guests");
}

TEST_CASE("pair: nothing is tried when one target cannot be") {
  const auto code_of = [](std::vector<std::string_view> texts, const Request& request) {
    const auto report = run_toys(targets_of(texts), request);
    REQUIRE(!report.has_value());
    CHECK(given.sessions == 0);
    return report.error().stable_code();
  };
  CHECK(code_of({}, home()) == "pair.no_targets");
  CHECK(code_of({"tcp://a:5", "serial:/dev/ttyUSB0"}, home()) == "pair.no_protocol");
  CHECK(code_of({"tcp://a:5", "tcp://a:5"}, home()) == "pair.same_target");
  CHECK(code_of({"MT:Y.K9042C00KA0648G00"}, home()) == "pair.unsupported_code");
  CHECK(code_of({"WIFI:S:home;;"}, home()) == "pair.no_protocol");
  CHECK(code_of({"tcp://a:5"}, Request{}) == "pair.missing_wifi");
  Request bad = home();
  bad.wifi->password = "short";
  CHECK(code_of({"tcp://a:5"}, bad) == "pair.bad_wifi");
  Request other = home();
  other.protocol = "nonsense";
  CHECK(code_of({"tcp://a:5"}, other) == "pair.no_protocol");
  Request trace = home();
  trace.trace_file = "/tmp/trace.txt";
  CHECK(code_of({"tcp://a:5", "tcp://b:5"}, trace) == "pair.shared_trace");
}

TEST_CASE("pair: a protocol can be named for an address that it does not take by itself") {
  Request request = home();
  request.protocol = "toy";
  CHECK(run_toys(targets_of({"serial:/dev/ttyUSB0"}), request).has_value());
  CHECK(given.sessions == 1);
}

TEST_CASE("pair: a dry run touches nothing") {
  Request request = home();
  request.dry_run = true;
  const auto report = run_toys(targets_of({"tcp://good:5"}), request);
  REQUIRE(report.has_value());
  CHECK(given.sessions == 0);
  CHECK(report->devices[0].result.dry_run);
  CHECK(report->devices[0].result.protocol == "toy");
}

TEST_CASE("pair: found again from outside, when it is asked for") {
  Request request = home();
  request.confirm = true;
  const auto report = run_toys(targets_of({"tcp://good:5", "tcp://elsewhere:5"}), request);
  REQUIRE(report.has_value());
  CHECK(report->devices[0].result.stages.back().stage == Stage::confirmed);
  CHECK(report->devices[0].result.ip == "192.0.2.1");
  REQUIRE(report->devices[1].error.has_value());
  CHECK(report->devices[1].error->code == Errc::wrong_subnet);
  CHECK(report->devices[1].step == "confirm");
}

TEST_CASE("pair: a link that is lost while the device joins is decided on the target network") {
  Request request = home();
  const std::vector<Target> targets =
      targets_of({"tcp://superseded:4", "tcp://superseded:3", "tcp://superseded:2", "tcp://lost:4",
                  "tcp://garbage:4", "homekit://superseded:3"});
  // Nobody looks for it unless that is asked for.
  auto report = run_toys(targets, request);
  REQUIRE(report.has_value());
  CHECK(report->devices[0].error->code == Errc::superseded);
  CHECK(report->devices[0].step == "join");

  request.confirm = true;
  report = run_toys(targets, request);
  REQUIRE(report.has_value());
  for (const std::size_t i : {0U, 1U}) {
    CAPTURE(i);
    CHECK(!report->devices[i].error);
    CHECK(report->devices[i].result.stages.back().stage == Stage::confirmed);
    CHECK(report->devices[i].result.ip == "192.0.2.1");
    CHECK(report->devices[i].result.ssid == "home");
  }
  // It had nothing yet; it is nowhere; it did something else; it joins no network.
  REQUIRE(report->devices[2].error.has_value());
  CHECK(report->devices[2].error->code == Errc::superseded);
  REQUIRE(report->devices[3].error.has_value());
  CHECK(report->devices[3].error->code == Errc::link_lost);
  CHECK(report->devices[3].step == "join");
  CHECK(report->devices[3].error->hint.starts_with("it is not on this host's network either"));
  CHECK(report->devices[4].error->code == Errc::protocol_violated);
  CHECK(report->devices[5].error->code == Errc::superseded);
}

TEST_CASE("pair: keys of several devices do not go to one file that one of them would own") {
  Request request = home();
  request.token_file = "/nonexistent/keys";
  std::vector<Target> targets =
      targets_of({"homekit://good:5", "homekit://good:4", "tcp://good:5"});
  auto report = run_toys(targets, request);
  REQUIRE(!report.has_value());
  CHECK(report.error().code == Errc::shared_token_file);
  CHECK(given.sessions == 0);
  targets[0].token_file = "/nonexistent/other";
  CHECK(run_toys(targets, request).has_value());
  request.token_file += "/";
  targets[0].token_file.clear();
  CHECK(run_toys(targets, request).has_value());
}

TEST_CASE("pair: a repeated run skips what is done, and tries the rest") {
  std::string file = (std::filesystem::temp_directory_path() / "aiot-run-XXXXXX").string();
  const int fd = ::mkstemp(file.data());
  REQUIRE(fd >= 0);
  ::close(fd);
  Request request = home();
  request.record_file = file;
  std::vector<Target> targets = targets_of({"tcp://a:5", "tcp://proof:2", "tcp://b:5"});
  for (std::size_t i = 0; i < targets.size(); ++i) targets[i].id = "device " + std::to_string(i);
  auto report = run_toys(targets, request);
  REQUIRE(report.has_value());
  CHECK(given.sessions == 3);
  report = run_toys(targets, request);
  REQUIRE(report.has_value());
  CHECK(given.sessions == 1);
  CHECK(report->devices[0].result.skipped);
  CHECK(report->devices[1].error.has_value());
  CHECK(report->devices[2].result.skipped);
  std::filesystem::remove(file);
}

TEST_CASE("pair: a device that has only a code is named without its secret") {
  const std::string code =
      R"({"ver":"v1","name":"PROV_1","username":"u","pop":"abcd1234","transport":"ble"})";
  Request request = home();
  request.protocol = "bare";
  const auto report = run_toys(targets_of({code, "031-45-154"}), request);
  REQUIRE(report.has_value());
  CHECK(report->devices[0].device.str() == "code:esp/PROV_1");
  CHECK(report->devices[1].device.str() == "code:2");
  CHECK(parse_address("code:esp/PROV_1")->str() == "code:esp/PROV_1");
}

}  // namespace aiot::pair::test
