#include "protocol/dpp/session.hpp"

#include <doctest/doctest.h>

#include "net/script.hpp"
#include "protocol/dpp/device.hpp"
#include "support/memory_link.hpp"
#include "support/scripted_link.hpp"
#include "support/virtual_clock.hpp"
#include "transcript.hpp"

using namespace aiot;
using namespace aiot::dpp;
using namespace std::chrono_literals;
using crypto::EcCurve;
using provisioning::Errc;
using provisioning::Fault;
using provisioning::FaultKind;
using provisioning::Stage;

namespace {

class Stages final : public provisioning::Flow {
 public:
  void reached(Stage stage) override { list.push_back(stage); }
  void log(std::string text) override { logged += text; }
  std::vector<Stage> list;
  std::string logged;
};

const WifiCredentials wpa2{"home", "secret-pass", "wpa2", false};

/// What the host of a transcript had drawn.
Setup setup_of(const Transcript& t) {
  return {own_key(EcCurve::p256, *from_hex(t.br)).bootstrap,
          own_key(EcCurve::p256, *from_hex(t.bi)),
          {*from_hex(t.pi), *from_hex(t.i_nonce)},
          wpa2};
}

/// With its length.
Bytes framed(std::string_view text) { return write_frame(*parse_frame(*from_hex(text))); }

/// Our object in the transcript's session, and a connection's status: sealed with the construction
/// of RFC 5297 over the CMAC and CTR of python3-cryptography 38.0.4.
const std::string_view given =
    "0b00000000006c087fdd05506f9a1a019100001001000004108800d3aaf3b5a26e7928697906600f"
    "4388814ff0dd08413d604e4a05d3c2b738df98a0a0a7814d260d44e40594626ac5d7997d5c8b0157"
    "10ae6fe008ea3c7c24316b7fdadc1043c7ad0c3810813367e234b5e472ab3bdef89be0dc57088398"
    "b714567cb2efdf10a07fb30ae9e9e1f7b72188da9b8a7fff4d3407dcb9e37741783939154acee00e"
    "203289";
const std::string_view joined_status =
    "09506f9a1a010c04104600db9aeb7df64c09d30cb6e129638d610ee74d38b870a1198feb479e7e8a"
    "7fbee11d71e4518c4734607d3bf7d2fc3e350094799be712e04052b9551d485bfc31a32b474f9207"
    "0c";

/// A device that has the transcript's keys.
net::Script conversation() {
  net::Script script;
  script.expect(framed(one_sided.request), "authentication request")
      .reply(framed(one_sided.response), "authentication response")
      .expect(framed(one_sided.confirm), "confirm")
      .reply(framed(one_sided.configuration_request), "configuration request")
      .expect(framed(given), "configuration")
      .reply(framed(one_sided.result), "result")
      .after(3s)
      .reply(framed(joined_status), "connection status");
  return script;
}

/// A device in the same process, and a host that configures it.
struct Bench {
  explicit Bench(std::vector<Fault> faults = {}) {
    options.own = own_key(EcCurve::p256, crypto::ec_random_secret(EcCurve::p256));
    options.info = {"lamp", "sta", "https://example.org/lamp"};
    options.faults = std::move(faults);
  }
  Result<Enrolled> run(bool begins = false) {
    Device device(options);
    net::MemoryLink link(clock, device);
    if (begins) device.begin();
    auto session = [&]() -> net::Task<Enrolled> {
      Setup setup = new_setup(options.own.bootstrap, wifi);
      if (options.configurator) setup.own = host;
      if (begins) {
        Result<Enrolled> served = co_await serve(link, std::move(setup), stages);
        co_return served;
      }
      Result<Enrolled> configured = co_await configure(link, std::move(setup), stages);
      co_return configured;
    };
    Result<Enrolled> enrolled = clock.run(context, session);
    given = device.given();
    return enrolled;
  }

  net::asio::io_context context;
  net::VirtualClock clock;
  Stages stages;
  DeviceOptions options;
  OwnKey host = own_key(EcCurve::p256, crypto::ec_random_secret(EcCurve::p256));
  WifiCredentials wifi = wpa2;
  std::optional<WifiCredentials> given;
};

}  // namespace

TEST_CASE("the transcript's device is configured") {
  net::asio::io_context context;
  net::VirtualClock clock;
  net::ScriptedLink link(clock, conversation());
  Stages stages;
  const auto enrolled =
      clock.run(context, [&] { return configure(link, setup_of(one_sided), stages); });
  REQUIRE_MESSAGE(enrolled.has_value(), (enrolled ? "" : enrolled.error().message()));
  CHECK(link.finished().has_value());
  CHECK(enrolled->info.name == "Test");
  CHECK(enrolled->version == 2);
  CHECK(enrolled->joined);
  CHECK(stages.list == std::vector{Stage::authenticated, Stage::credentials_sent, Stage::joined});
}

TEST_CASE("each message late, cut or lost is a named error in time") {
  for (const net::Script::Faulty& faulty : conversation().with_each_fault()) {
    CAPTURE(faulty.what);
    net::asio::io_context context;
    net::VirtualClock clock;
    net::ScriptedLink link(clock, faulty.script);
    Stages stages;
    const auto enrolled =
        clock.run(context, [&] { return configure(link, setup_of(one_sided), stages); });
    CHECK(clock.elapsed() <= 30s);
    // A device may go to its network without another word.
    if (stages.list.size() == 2) {
      REQUIRE(enrolled.has_value());
      CHECK(!enrolled->joined);
      continue;
    }
    REQUIRE(!enrolled);
    const auto code = enrolled.error().code;
    CHECK((code == Errc::no_reply || code == Errc::link_lost || code == Errc::wrong_proof));
    CHECK((code != Errc::wrong_proof || stages.list.empty()));
    CHECK(enrolled.error().message().find("secret-pass") == std::string::npos);
  }
}

TEST_CASE("a virtual device is configured in each direction") {
  Bench bench;
  auto enrolled = bench.run();
  REQUIRE(enrolled.has_value());
  CHECK(enrolled->info.name == "lamp");
  CHECK(enrolled->info.mud_url == "https://example.org/lamp");
  CHECK(enrolled->joined);
  REQUIRE(bench.given.has_value());
  CHECK(bench.given->ssid == "home");
  CHECK(bench.given->password == "secret-pass");
  CHECK(bench.stages.list ==
        std::vector{Stage::authenticated, Stage::credentials_sent, Stage::joined});

  Bench announcing;
  enrolled = announcing.run(true);
  REQUIRE(enrolled.has_value());
  CHECK(enrolled->joined);

  Bench initiating;
  initiating.options.configurator = initiating.host.bootstrap;
  enrolled = initiating.run(true);
  REQUIRE(enrolled.has_value());
  CHECK(enrolled->joined);
}

TEST_CASE("a stranger gets nothing") {
  // It announces itself, or begins with our code: in both cases it is not the device of the code.
  for (const bool has_code : {false, true}) {
    Bench bench;
    if (has_code) bench.options.configurator = bench.host.bootstrap;
    DeviceOptions stranger = bench.options;
    stranger.own = own_key(EcCurve::p256, crypto::ec_random_secret(EcCurve::p256));
    Device device(stranger);
    net::MemoryLink link(bench.clock, device);
    device.begin();
    const auto enrolled = bench.clock.run(bench.context, [&]() -> net::Task<Enrolled> {
      Setup setup = new_setup(bench.options.own.bootstrap, wpa2);
      setup.own = bench.host;
      Result<Enrolled> served = co_await serve(link, std::move(setup), bench.stages);
      co_return served;
    });
    REQUIRE(!enrolled);
    CHECK(enrolled.error().code == Errc::wrong_proof);
    CHECK(bench.stages.list.empty());
    CHECK(!device.given());
  }
}

TEST_CASE("each cause has its error") {
  struct Case {
    Fault fault;
    Errc expected;
    std::size_t stages;
  };
  const Case cases[] = {
      {{FaultKind::wrong_state, Stage::authenticated}, Errc::window_closed, 0},
      {{FaultKind::silent, Stage::authenticated}, Errc::no_reply, 0},
      {{FaultKind::drop, Stage::authenticated}, Errc::wrong_proof, 0},
      {{FaultKind::garbage, Stage::authenticated}, Errc::protocol_violated, 0},
      {{FaultKind::silent, Stage::credentials_sent}, Errc::no_reply, 1},
      {{FaultKind::drop, Stage::credentials_sent}, Errc::link_lost, 1},
      {{FaultKind::garbage, Stage::credentials_sent}, Errc::protocol_violated, 1},
      {{FaultKind::garbage, Stage::joined}, Errc::protocol_violated, 2},
      {{FaultKind::no_network, Stage::joined}, Errc::network_not_found, 2},
      {{FaultKind::refuse_password, Stage::joined}, Errc::network_refused, 2},
  };
  for (const Case& c : cases) {
    Bench bench({c.fault});
    const auto enrolled = bench.run();
    CAPTURE(static_cast<int>(c.expected));
    REQUIRE(!enrolled);
    CHECK(enrolled.error().code == c.expected);
    CHECK(bench.stages.list.size() == c.stages);
    CHECK(bench.clock.elapsed() <= 16s);
  }

  Bench wrong_code;
  const OwnKey other = own_key(EcCurve::p256, crypto::ec_random_secret(EcCurve::p256));
  Device device(wrong_code.options);
  net::MemoryLink link(wrong_code.clock, device);
  const auto refused = wrong_code.clock.run(wrong_code.context, [&] {
    return configure(link, new_setup(other.bootstrap, wpa2), wrong_code.stages);
  });
  CHECK(refused.error().code == Errc::wrong_proof);
  CHECK(wrong_code.clock.elapsed() < 1s);

  Bench around;
  around.options.network = {"home", "another-pass", "", false};
  CHECK(around.run().error().code == Errc::network_refused);
  around.options.network.ssid = "elsewhere";
  CHECK(around.run().error().code == Errc::network_not_found);

  Bench access_point;
  access_point.options.info.role = "ap";
  const auto role = access_point.run();
  CHECK(role.error().code == Errc::device_refused);
  CHECK(role.error().peer_text == "ap");
  CHECK(!access_point.given);

  Bench open;
  open.wifi = {"cafe", "", "open", false};
  CHECK(open.run().error().code == Errc::bad_wifi);
}

TEST_CASE("a device serves one exchange after the other") {
  Bench bench;
  Device device(bench.options);
  for (unsigned i = 1; i <= 3; ++i) {
    net::MemoryLink link(bench.clock, device);
    const auto enrolled = bench.clock.run(bench.context, [&] {
      return configure(link, new_setup(bench.options.own.bootstrap, wpa2), bench.stages);
    });
    REQUIRE(enrolled.has_value());
    CHECK(device.sessions() == i);
    CHECK(device.joined());
    device.on_gone();
  }
}
