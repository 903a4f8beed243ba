#include "protocol/power/lpm01a.hpp"

#include "talk.hpp"

using namespace aiot;
using namespace aiot::power;
using namespace std::chrono_literals;
using net::Script;

namespace {

/// As the board answers: b'\r\nPowerShield > ack htc\r\n\r\n' is what a driver waits for, byte by
/// byte.
void acknowledged(Script& script, const std::string& command) {
  script.expect(text(command + "\r\n"), command);
  script.reply(text("\r\nPowerShield > ack " + command + "\r\n\r\n"), command);
}

Script prepared() {
  Script script;
  script.expect(text("stop\r\n"));
  acknowledged(script, "htc");
  script.expect(text("powershield\r\n"));
  script.reply(text("\r\nPowerShield > PowerShield present: 2061398A4D43\r\n"));
  script.expect(text("version\r\n")).reply(text("\r\nPowerShield > ack version\r\n1.0.6\r\n"));
  for (const char* command :
       {"pwr off", "volt 1800m", "acqtime inf", "trigdelay 0", "trigsrc sw", "eventsrc d7 fal",
        "output energy", "format ascii_dec", "freq 1k", "pwr on nostatus"}) {
    acknowledged(script, command);
  }
  return script;
}

net::Task<MonitorInfo> prepare(Monitor& monitor) {
  Supply supply;
  supply.millivolts = 1800;
  return monitor.prepare(std::move(supply));
}

}  // namespace

TEST_CASE_FIXTURE(Talk, "an LPM01A is set up") {
  auto monitor = this->monitor("lpm01a", prepared());
  const auto info = clock.run(context, [&] { return prepare(*monitor); });
  REQUIRE_MESSAGE(info, info.error().message());
  CHECK(info->name == "PowerShield present: 2061398A4D43");
  CHECK(info->version == "1.0.6");
  CHECK(info->millivolts == 1800);
  CHECK(info->has_edges);
  CHECK(link->finished());
}

TEST_CASE_FIXTURE(Talk, "one that an earlier host left measuring is stopped first") {
  Script script;
  script.reply(text("6409-07\r\n6410-07\r\nTimeStamp: 001s 000ms, buff 00%\r\n"));
  script.expect(text("stop\r\n"));
  script.reply(text("6411-07\r\n\r\nPowerShield > Acquisition completed\r\n"));
  acknowledged(script, "htc");
  script.silence();
  auto monitor = this->monitor("lpm01a", script);
  const auto info = clock.run(context, [&] { return prepare(*monitor); });
  REQUIRE(!info);  // the script ends here; htc was understood
  CHECK(info.error().message().find("pwr off") != std::string::npos);
}

TEST_CASE("setting up with something going wrong ends in an error, in time") {
  int failed = 0;
  for (const auto& faulty : prepared().with_each_fault()) {
    // The two questions may stay without an answer.
    const bool optional = faulty.what.find("link") == std::string::npos &&
                          (faulty.what.find("reply 2") != std::string::npos ||
                           faulty.what.find("reply 3") != std::string::npos);
    if (optional) continue;
    Talk talk;
    auto monitor = talk.monitor("lpm01a", faulty.script);
    const auto info = talk.clock.run(talk.context, [&] { return prepare(*monitor); });
    CHECK_MESSAGE(!info, faulty.what);
    if (!info) {
      ++failed;
      CHECK_MESSAGE(info.error().code != net::make_error_code(net::Errc::script),
                    faulty.what << ": " << info.error().message());
    }
    CHECK(talk.clock.elapsed() < 1min);
  }
  CHECK(failed > 30);
}

TEST_CASE_FIXTURE(Talk, "a refusal says why") {
  Script script;
  script.expect(text("stop\r\n"));
  script.expect(text("htc\r\n"));
  script.reply(text("\r\nPowerShield > error htc\r\nError detail: busy\r\n"));
  auto monitor = this->monitor("lpm01a", script);
  const auto info = clock.run(context, [&] { return prepare(*monitor); });
  REQUIRE(!info);
  CHECK(info.error().stable_code() == "power.refused");
  CHECK(info.error().peer_text == "error htc: busy");
}

TEST_CASE_FIXTURE(Talk, "settings that it does not have are refused before anything is sent") {
  for (const auto& [millivolts, rate] : {std::pair{1700, 1000}, {3400, 1000}, {3000, 1500}}) {
    auto monitor = this->monitor("lpm01a", Script());
    const auto info = clock.run(context, [&]() -> net::Task<MonitorInfo> {
      Supply supply;
      supply.millivolts = static_cast<std::uint32_t>(millivolts);
      supply.samples_per_s = static_cast<std::uint32_t>(rate);
      return monitor->prepare(std::move(supply));
    });
    REQUIRE(!info);
    CHECK(info.error().stable_code() == "power.bad_setting");
  }
}

TEST_CASE_FIXTURE(Talk, "a stream is summed up until the acquisition ends") {
  Script script;
  script.reply(text("1000-06\r\n1000-06\r\nevent 00 ris\r\n2000-06\r\n2000-06\r\n20"));
  script.after(3ms).reply(text("00-06\r\nevent 01 ris\r\n100-06\r\n"));
  script.after(1ms).reply(text("1000-06\r\n\r\nPowerShield > Acquisition completed\r\n"));
  auto monitor = this->monitor("lpm01a", script);
  Recorder recorder(1000);
  const auto done = clock.run(context, [&] { return monitor->stream(recorder); });
  REQUIRE_MESSAGE(done, done.error().message());
  REQUIRE(recorder.edges().size() == 2);
  CHECK(between(recorder.edges()[0], recorder.edges()[1]).joules == doctest::Approx(6e-3));
  CHECK(recorder.samples() == 7);
  CHECK(recorder.lost_samples() == 1);
}

TEST_CASE_FIXTURE(Talk, "a stream that falls silent ends in an error") {
  Script script;
  script.reply(text("1000-06\r\n")).silence();
  auto monitor = this->monitor("lpm01a", script);
  Recorder recorder(1000);
  const auto done = clock.run(context, [&] { return monitor->stream(recorder); });
  REQUIRE(!done);
  CHECK(done.error().stable_code() == "power.no_answer");
  CHECK(clock.elapsed() < 10s);
}
