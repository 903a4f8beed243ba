#include "support/flood_link.hpp"
#include "talk.hpp"

using namespace aiot;
using namespace aiot::energyrunner;
using namespace std::chrono_literals;
using net::Script;
using net::ScriptedLink;

TEST_CASE_FIXTURE(Talk, "a device says its name, its model, and that it tells time by laps") {
  ScriptedLink link(clock, greeting(), serial());
  Result<Greeting> found = run(link, hello);
  REQUIRE(found);
  CHECK(found->name == "unspecified");
  CHECK(found->profile == "ULPMark for tinyML Firmware V0.0.1");
  CHECK(found->model == "ic01");
  CHECK(!found->energy_mode);
  CHECK(found->baud_bps == 115200);
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Talk, "a device in energy mode answers timestamp without a lap") {
  Script script;
  says(script, "name", name_reply);
  says(script, "profile", profile_reply);
  says(script, "timestamp", "m-ready\r\n");
  ScriptedLink link(clock, script, serial());
  Result<Greeting> found = run(link, hello);
  REQUIRE(found);
  CHECK(found->energy_mode);
}

TEST_CASE_FIXTURE(Talk, "whatever else is on the line, a manual greeting works and so does this") {
  struct Case {
    const char* what;
    std::string before;  // without being asked
    std::string first;   // to the first greeting
    std::string second;  // to the second, "" when the first is enough
  };
  const Case cases[] = {
      {"boot text", "ets Jul 29 2019\r\nrst:0x1 (POWERON)\r\n", name_reply, ""},
      {"it boots while it is greeted", "",
       "m-timestamp-mode-performance\r\nm-lap-us-7\r\nm-init-done\r\nm-ready\r\n", name_reply},
      {"garbage in front", "\xFF\xFE\x80", "\x01\x02m-name-dut-[unspecified]\r\nm-ready\r\n", ""},
      {"a command was left unfinished", "", "e-[Invalid hex digit 'na']\r\nm-ready\r\n",
       name_reply},
      {"it was about to say something", "0.004,0.9", "96]\r\nm-ready\r\n", name_reply},
      {"line feeds alone", "", "m-name-dut-[unspecified]\nm-ready\n", ""},
      {"returns alone", "", "m-name-dut-[unspecified]\rm-ready\r", ""},
      {"no end behind the last line", "", "m-name-dut-[unspecified]\r\nm-ready", ""},
      {"an echo", "", "name%m-name-dut-[unspecified]\r\nm-ready\r\n", ""},
      {"silence at first", "", "", name_reply},
      {"a damaged name", "", "m-name-dut-[unspec\r\nm-ready\r\n", name_reply},
  };
  for (const Case& one : cases) {
    Talk talk;
    Script script;
    if (!one.before.empty()) script.reply(text(one.before));
    script.expect(text("name%"));
    if (!one.first.empty()) script.reply(text(one.first));
    if (!one.second.empty()) says(script, "name", one.second);
    says(script, "profile", profile_reply);
    says(script, "timestamp", lap_reply);
    ScriptedLink link(talk.clock, script, serial());
    Result<Greeting> found = talk.run(link, hello);
    REQUIRE_MESSAGE(found, one.what << ": " << found.error().message());
    CHECK_MESSAGE(found->name == "unspecified", one.what);
    CHECK_MESSAGE(link.finished(), one.what);
  }
}

TEST_CASE_FIXTURE(Talk, "rates are tried in turn") {
  Script script;
  script.expect_baud(115200).expect(text("name%")).expect(text("name%"));
  script.expect_baud(9600).expect(text("name%")).reply(text(name_reply));
  says(script, "profile", profile_reply);
  says(script, "timestamp", lap_reply);
  ScriptedLink link(clock, script, serial());
  Result<Greeting> found = run(link, [](Session& session) {
    ConnectOptions options;
    options.bauds_bps = {115200, 9600, 921600};
    return session.connect(std::move(options));
  });
  REQUIRE_MESSAGE(found, found.error().message());
  CHECK(found->baud_bps == 9600);
  CHECK(link.bauds() == std::vector<std::uint32_t>{115200, 9600});
}

// The board's words: benchmark/interface/Application/CLI/InterfaceMenu.cpp.
TEST_CASE_FIXTURE(Talk, "a device behind the interface board") {
  Script script;
  says(script, "name", "tinyML Enhanced Interface Board\r\nm-ready\r\n");
  says(script, "dut name",
       "m-dut-passthrough(name)\r\nm-ready\r\n[dut]: m-name-dut-[unspecified]\r\n[dut]: "
       "m-ready\r\n");
  says(script, "dut profile",
       "m-dut-passthrough(profile)\r\nm-ready\r\n[dut]: m-profile-[p]\r\n[dut]: m-model-[kws01]\r\n"
       "[dut]: m-ready\r\n");
  says(script, "dut timestamp", "m-dut-passthrough(timestamp)\r\nm-ready\r\n[dut]: m-ready\r\n");
  // 30 bytes: 26 and 4, as the reference runner sends them through a board.
  says(script, "dut db load 30",
       "m-dut-passthrough(db load 30)\r\nm-ready\r\n[dut]: m-[Expecting 30 bytes]\r\n"
       "[dut]: m-ready\r\n");
  says(script, "dut db " + std::string(52, '0'),
       "m-dut-passthrough(db)\r\nm-ready\r\n[dut]: m-ready\r\n");
  says(script, "dut db 00000000",
       "m-dut-passthrough(db)\r\nm-ready\r\n[dut]: m-load-done\r\n[dut]: m-ready\r\n");
  ScriptedLink link(clock, script, serial());
  Result<Greeting> found = run(link, [](Session& session) -> net::Task<Greeting> {
    Result<Greeting> greeting = co_await hello(session);
    if (!greeting) co_return greeting;
    const Bytes zeros(30);
    Result<Upload> upload = co_await session.upload(zeros, false);
    if (!upload) co_return std::move(upload).error();
    co_return greeting;
  });
  REQUIRE_MESSAGE(found, found.error().message());
  CHECK(found->through_board);
  CHECK(found->energy_mode);
  CHECK(found->model == "kws01");
  CHECK(link.finished());
}

TEST_CASE("a greeting with something going wrong in it ends in an error, in time") {
  CHECK(Talk::with_each_fault(greeting(), 2min, hello) > 0);
}

TEST_CASE_FIXTURE(Talk, "a peer that never reports its name is no device under test") {
  Script script;
  for (int i = 0; i < 60; ++i) says(script, "name", "OK\r\n");
  script.silence();
  ScriptedLink link(clock, script, serial());
  Result<Greeting> found = run(link, hello);
  REQUIRE(!found);
  CHECK(found.error().stable_code() == "energyrunner.no_answer");
  CHECK(!found.error().hint.empty());
  CHECK(clock.elapsed() < 1min);
}

TEST_CASE("a peer that talks without end is refused in time") {
  for (const Bytes& flood : net::floods()) {
    CAPTURE(to_hex(flood));
    Talk talk;
    net::FloodLink link(talk.clock, flood);
    Result<Greeting> found = talk.run(link, hello);
    CHECK(!found);
    CHECK(talk.clock.elapsed() < 60s);
  }
}
