#include "session.hpp"
#include "support/flood_link.hpp"

using namespace aiot;
using namespace aiot::esp;
using namespace std::chrono_literals;
using net::Script;
using net::ScriptedLink;

namespace {

struct Found {
  std::string chip;
  bool stub = false;
  bool locked = false;
};

net::Task<Found> find(Loader& loader) {
  Result<void> connected = co_await connect(loader);
  if (!connected) co_return std::move(connected).error();
  co_return Found{std::string(loader.chip().name), loader.stub_running(), loader.secure_download()};
}

Error failure(const Script& script, ConnectOptions options = ConnectOptions(),
              net::LinkInfo info = Session::wires()) {
  Session session;
  ScriptedLink link(session.clock, script, info);
  Result<void> result =
      session.run(link, [options](Loader& loader) { return loader.connect(options); });
  REQUIRE(!result);
  return result.error();
}

/// What a device says that is reset again and again, and never answers.
Script only_says(Bytes bytes) {
  Script script;
  script.after(180ms).reply(std::move(bytes)).silence();
  return script;
}

}  // namespace

TEST_CASE_FIXTURE(Session, "an ESP32 in its ROM") {
  ScriptedLink link(clock, esp32_rom_connects(), wires());
  Result<Found> found = run(link, find);
  REQUIRE(found);
  CHECK(found->chip == "esp32");
  CHECK(!found->stub);
  CHECK(!found->locked);
  CHECK(link.finished());
  CHECK(link.bauds() == std::vector<std::uint32_t>{115200});
  CHECK(link.lines().size() == 6);
}

TEST_CASE_FIXTURE(Session, "a stub that runs already is told by its SYNC") {
  ScriptedLink link(clock, esp32_stub_connects(), wires());
  Result<Found> found = run(link, find);
  REQUIRE(found);
  CHECK(found->chip == "esp32");
  CHECK(found->stub);
}

TEST_CASE_FIXTURE(Session, "an ESP32-C3 says its id, among boot messages and SYNCs too many") {
  Script script;
  script.reply(Bytes{'w', 'a', 'i', 't', 'i', 'n', 'g', '\n'});
  script.expect(sync_request, "sync").reply(rom_sync).reply(rom_sync);
  script.expect(security_request, "security")
      .reply(
          "c001141800 00000000"
          "00000000 00 00000000000000 05000000 00000000 00000000c0");
  ScriptedLink link(clock, script, wires());
  Result<Found> found = run(link, find);
  REQUIRE(found);
  CHECK(found->chip == "esp32c3");
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Session, "an ESP32-S2 has no id, and when it is locked no registers either") {
  Script script;
  script.expect(sync_request).reply(rom_sync);
  script.expect(security_request)
      .reply("c001141000 00000000 04000000 00 00000000000000 00000000c0");
  script.expect(magic_request).reply(repeat("c0010a040000000000 01050000c0", 8));
  ScriptedLink link(clock, script, wires());
  Result<Found> found = run(link, find);
  REQUIRE(found);
  CHECK(found->chip == "esp32s2");
  CHECK(found->locked);
}

TEST_CASE_FIXTURE(Session, "through USB Serial/JTAG the watchdogs are stopped") {
  Script script;
  script.expect(sync_request).reply(rom_sync);
  script.expect(security_request)
      .reply(
          "c001141800 00000000"
          "00000000 00 00000000000000 05000000 00000000 00000000c0");
  const std::string done = "c0010904000000000000000000c0";
  script.expect("c0000a040000000000 ac800060 c0", "read the super watchdog's settings")
      .reply("c0010a0400 00000010 00000000c0");
  script.expect("c000091000 00000000 a8800060 a13ad850 ffffffff 00000000 c0", "unlock").reply(done);
  script.expect("c000091000 00000000 90800060 00000000 ffffffff 00000000 c0", "stop").reply(done);
  script.expect("c000091000 00000000 a8800060 00000000 ffffffff 00000000 c0", "lock").reply(done);
  script.expect("c000091000 00000000 b0800060 2a311d8f ffffffff 00000000 c0", "unlock").reply(done);
  script.expect("c000091000 00000000 ac800060 00000090 ffffffff 00000000 c0", "feed").reply(done);
  script.expect("c000091000 00000000 b0800060 00000000 ffffffff 00000000 c0", "lock").reply(done);
  net::LinkInfo info = wires();
  info.usb_vid = 0x303A;
  info.usb_pid = 0x1001;
  ScriptedLink link(clock, script, info);
  CHECK(run(link, find));
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Session, "SYNC is tried again, and so is the reset") {
  Script script;
  for (int i = 1; i <= 5; ++i) {
    script.expect((i == 3 ? "c0" : "") + std::string(sync_request), "unheard " + std::to_string(i));
  }
  script.expect(sync_request, "heard").reply(rom_sync);
  script.expect(security_request).reply(unknown_to_rom);
  script.expect(magic_request).reply(esp32_magic);
  ScriptedLink link(clock, script, wires());
  CHECK(run(link, find));
  CHECK(link.lines().size() == 12);
}

TEST_CASE("another chip than expected") {
  ConnectOptions options;
  options.expected = chip_by_name("esp32c3");
  const Error error = failure(esp32_rom_connects(), options);
  CHECK(error.stable_code() == "esp.wrong_chip");
  CHECK(error.condition() == Condition::mismatch);
  CHECK(error.message() ==
        "finding out the chip: expected ESP32-C3, found ESP32: this is another chip");
}

TEST_CASE("an unknown chip") {
  Script script;
  script.expect(sync_request).reply(rom_sync);
  script.expect(security_request)
      .reply(
          "c001141800 00000000"
          "00000000 00 00000000000000 63000000 00000000 00000000c0");
  const Error error = failure(script);
  CHECK(error.stable_code() == "esp.unknown_chip");
  CHECK(error.context.find("chip id 99") != std::string::npos);
}

TEST_CASE("when nobody answers, the error says what was heard") {
  Script silence;
  silence.silence();
  Error error = failure(silence);
  CHECK(error.stable_code() == "esp.no_sync");
  CHECK(error.condition() == Condition::timeout);
  CHECK(error.context == "SYNC: nothing was heard");
  CHECK(error.hint.find("power") != std::string::npos);

  const std::string log = "I (312) app_main: temperature 21.5\r\n";
  error = failure(only_says(Bytes(log.begin(), log.end())));
  CHECK(error.context == "SYNC: an application is running instead of the loader");
  CHECK(error.peer_text == log);
  CHECK(error.hint.find("BOOT") != std::string::npos);

  const std::string waits = "rst:0x1 (POWERON),boot:0x7 (DOWNLOAD)\r\nwaiting for download\r\n";
  error = failure(only_says(Bytes(waits.begin(), waits.end())));
  CHECK(error.context == "SYNC: the chip waits for a download but does not receive from this host");

  const std::string garbage = "\x8c\xfe\x1c\xe0\x92\x9c\x8e\xe0\xf3\x80\x9e";
  error = failure(only_says(Bytes(garbage.begin(), garbage.end())));
  CHECK(error.context == "SYNC: 11 bytes that are neither a reply nor text");
  CHECK(error.hint.find("rate") != std::string::npos);

  net::LinkInfo plain;
  error = failure(silence, ConnectOptions(), plain);
  CHECK(error.hint.find("cannot reset") != std::string::npos);
}

TEST_CASE("connecting ends in an error whatever goes wrong, in time") {
  Session::with_each_fault(esp32_rom_connects(), 60s, find);
  Session::with_each_fault(esp32_stub_connects(), 60s, find);
}

TEST_CASE("whoever talks without end gets no more time than the rest") {
  for (const Bytes& flood : net::floods()) {
    CAPTURE(to_hex(flood));
    for (const bool limited : {false, true}) {
      Session session;
      net::FloodLink link(session.clock, flood);
      Loader loader(link);
      if (limited) loader.set_limit(session.clock.now() + 2s);
      Result<void> connected = session.clock.run(
          session.context, [&loader] { return loader.connect(ConnectOptions()); });
      CHECK(!connected);
      CHECK(session.clock.elapsed() < (limited ? 12s : 60s));
    }
  }
}
