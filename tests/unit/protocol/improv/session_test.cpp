#include "protocol/improv/session.hpp"

#include <doctest/doctest.h>

#include "show.hpp"
#include "support/scripted_link.hpp"

using namespace aiot;
using namespace aiot::improv;
using namespace std::chrono_literals;
using net::Script;

namespace {

const Bytes ask_state = encode_frame(FrameType::command, encode_command(Command::state));
const Bytes ask_info = encode_frame(FrameType::command, encode_command(Command::info));
const Bytes ask_scan = encode_frame(FrameType::command, encode_command(Command::scan));
const Bytes settings = encode_frame(
    FrameType::command, encode_command(Command::settings, encode_settings("home", "secret-pass")));
const Bytes no_error = *from_hex("494d50524f5601020100e10a");

Bytes state_of(State is) {
  return encode_frame(FrameType::state, Bytes{static_cast<std::uint8_t>(is)});
}
Bytes failure_of(Failure is) {
  return encode_frame(FrameType::failure, Bytes{static_cast<std::uint8_t>(is)});
}
Bytes result_of(Command command, std::vector<std::string> strings) {
  return encode_frame(FrameType::result, encode_result({command, std::move(strings)}));
}

Script up_to_settings() {
  Script script;
  script.expect(ask_state, "state?").reply(state_of(State::ready), "state");
  script.expect(ask_info, "info?").reply(no_error, "info taken");
  script.reply(result_of(Command::info, {"ESPHome", "2021.11.0", "esp32-s3", "Monitor"}), "info");
  script.expect(ask_scan, "scan?").reply(no_error, "scan taken");
  script.reply(result_of(Command::scan, {"home", "-60", "YES"}), "network");
  script.reply(result_of(Command::scan, {}), "end of scan");
  script.expect(settings, "settings");
  return script;
}
Script whole() {
  Script script = up_to_settings();
  script.reply(no_error, "settings taken").reply(state_of(State::provisioning), "provisioning");
  script.after(3s).reply(state_of(State::provisioned), "provisioned");
  script.reply(result_of(Command::settings, {"http://192.168.1.7/setup"}), "URL");
  return script;
}

}  // namespace

TEST_CASE_FIXTURE(Talk, "from the state to the URL") {
  net::ScriptedLink link(clock, whole());
  CHECK(run(link) == "ok");
  CHECK(link.finished());
  CHECK(flow.stages == "found connected authenticated credentials_sent joined");
  CHECK(result.name == "Monitor");
  CHECK(result.model == "esp32-s3");
  CHECK(result.firmware == "ESPHome 2021.11.0");
  REQUIRE(result.networks.size() == 1);
  CHECK(result.networks[0].ssid == "home");
  CHECK(result.networks[0].rssi_dbm == -60);
  CHECK(result.ssid == "home");
  CHECK(result.url == "http://192.168.1.7/setup");
  CHECK(result.ip == "192.168.1.7");
}

TEST_CASE("silence, a truncated frame and a lost link at each step end in a named error") {
  for (auto& [what, script] : whole().with_each_fault()) {
    CAPTURE(what);
    Talk talk;
    net::ScriptedLink link(talk.clock, script);
    const std::string outcome = talk.run(link);
    CAPTURE(outcome);
    // The acknowledgements and states are of no account when what follows them comes, or does not.
    const bool named = outcome == "pair.no_reply" || outcome == "pair.link_lost" || outcome == "ok";
    CHECK(named);
    // Joined is said by the state; the URL may be missing.
    CHECK((outcome == "ok") == (talk.flow.stages.ends_with("joined")));
    CHECK(talk.clock.elapsed() <= 10s + 60s + 3 * Session::reply_patience);
    CHECK(talk.words.find("secret-pass") == std::string::npos);
  }
}

TEST_CASE("an error at each step") {
  struct Case {
    Failure failure;
    const char* code;
  };
  for (const Case& one : {Case{Failure::bad_packet, "pair.device_refused"},
                          {Failure::cannot_connect, "pair.network_refused"},
                          {Failure::not_authorized, "pair.window_closed"},
                          {Failure::unknown, "pair.device_refused"}}) {
    Talk talk;
    Script script = up_to_settings();
    script.reply(no_error).reply(state_of(State::provisioning)).reply(failure_of(one.failure));
    net::ScriptedLink link(talk.clock, script);
    CHECK(talk.run(link) == one.code);
    CHECK(talk.flow.stages.ends_with("credentials_sent"));
  }
  SUBCASE("info is not known") {
    Talk talk;
    Script script;
    script.expect(ask_state).reply(state_of(State::ready));
    script.expect(ask_info).reply(no_error).reply(failure_of(Failure::unknown_command));
    script.expect(ask_scan).reply(failure_of(Failure::unknown_command));
    script.expect(settings).reply(result_of(Command::settings, {}));
    net::ScriptedLink link(talk.clock, script);
    CHECK(talk.run(link) == "ok");
    CHECK(talk.result.url.empty());
  }
  SUBCASE("info is refused") {
    Talk talk;
    Script script;
    script.expect(ask_state).reply(state_of(State::ready));
    script.expect(ask_info).reply(failure_of(Failure::unknown));
    net::ScriptedLink link(talk.clock, script);
    CHECK(talk.run(link) == "pair.device_refused");
  }
}

TEST_CASE_FIXTURE(Talk, "a network that the device does not see") {
  Script script;
  script.expect(ask_state).reply(state_of(State::ready));
  script.expect(ask_info).reply(result_of(Command::info, {"a", "b", "c", "d"}));
  script.expect(ask_scan).reply(result_of(Command::scan, {"other", "-60", "NO"}));
  script.reply(result_of(Command::scan, {}));
  script.expect(settings).reply(no_error).reply(failure_of(Failure::cannot_connect));
  net::ScriptedLink link(clock, script);
  CHECK(run(link) == "pair.network_not_found");
}

TEST_CASE_FIXTURE(Talk, "a device that boots is asked again each second") {
  Script script;
  script.expect(ask_state).expect(ask_state).reply(Bytes{'e', 't', 's', '\n'});
  script.expect(ask_state).reply(state_of(State::stopped));
  net::ScriptedLink link(clock, script);
  CHECK(run(link) == "pair.window_closed");
  CHECK(clock.elapsed() == 2s);
}

TEST_CASE_FIXTURE(Talk, "another version") {
  Script script;
  script.expect(ask_state).reply("494d50524f5602010102e30a").silence();
  net::ScriptedLink link(clock, script);
  CHECK(run(link) == "pair.unsupported_version");
}

TEST_CASE_FIXTURE(Talk, "a device that has joined before tells its URL and takes new settings") {
  Script script;
  script.expect(ask_state).reply(state_of(State::provisioned));
  script.reply(result_of(Command::state, {"http://lamp.local"}));
  script.expect(ask_info).reply(result_of(Command::info, {"a", "b", "c", "d"}));
  script.expect(ask_scan).reply(result_of(Command::scan, {}));
  script.expect(settings).reply(no_error).reply(state_of(State::provisioning));
  script.reply(state_of(State::provisioned)).silence();
  net::ScriptedLink link(clock, script);
  CHECK(run(link) == "ok");
  CHECK(url == "http://lamp.local");
  CHECK(result.ip.empty());
}

TEST_CASE_FIXTURE(Talk, "credentials that fit no frame are refused before they are sent") {
  wifi.ssid = std::string(33, 'x');
  Script script;
  script.expect(ask_state).reply(state_of(State::ready));
  script.expect(ask_info).reply(result_of(Command::info, {"a", "b", "c", "d"}));
  script.expect(ask_scan).reply(result_of(Command::scan, {}));
  net::ScriptedLink link(clock, script);
  CHECK(run(link) == "pair.bad_wifi");
}

TEST_CASE_FIXTURE(Talk, "a device that talks without end does not hold a deadline up") {
  Script script;
  script.expect(ask_state);
  for (int i = 0; i < 600; ++i) script.after(100ms).reply(Bytes{'I', 'M', 'P', 'R'});
  net::ScriptedLink link(clock, script);
  Result<State> state = clock.run(context, [&]() -> net::Task<State> {
    SerialLine line(link);
    Session session(line);
    co_return co_await session.detect(1s);
  });
  REQUIRE(!state);
  CHECK(state.error().stable_code() == "pair.no_reply");
  CHECK(clock.elapsed() <= 1100ms);
}
