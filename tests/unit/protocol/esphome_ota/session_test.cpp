#include "protocol/esphome_ota/session.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <numeric>

#include "protocol/esphome_ota/device.hpp"
#include "support/memory_link.hpp"
#include "support/scripted_link.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::esphome;
using namespace std::chrono_literals;
using net::Script;

namespace {

/// 0xE9, 1, 2 … 31.
Bytes small_firmware() {
  Bytes out(32);
  std::iota(out.begin(), out.end(), std::uint8_t{0});
  out[0] = 0xE9;
  return out;
}

Bytes text(std::string_view text) { return {text.begin(), text.end()}; }
std::string four_times(std::string_view part) {
  std::string out;
  for (int i = 0; i < 4; ++i) out += part;
  return out;
}
const std::string nonce = four_times("0123456789abcdef");
const std::string cnonce = four_times("fedcba9876543210");
/// SHA-256 of "secret", nonce and cnonce, by esphome/espota2.py.
constexpr std::string_view response =
    "045fd7c9e185365bf2fa5007c212f757d5d39aa6d67828323ea7ea8e015ba5ca";

/// A session as esphome/espota2.py has it with a device of version 2 that wants a password.
Script whole() {
  Script script;
  script.expect("6c 26 f7 5c 45", "magic").reply("00 02", "version");
  script.expect("07", "features").reply("48 00", "no gzip");
  script.reply("02", "SHA-256").reply(text(nonce), "nonce");
  script.expect(text(cnonce + std::string(response)), "response").reply("41", "auth");
  script.expect("00 00 00 00 20", "type and size").after(8s).reply("42", "prepared");
  script.expect(text("539900caef43a7507695dafd495ed644"), "MD5").reply("43", "MD5 taken");
  script.expect(small_firmware(), "data").reply("47", "block").reply("44", "received");
  script.reply("45", "done").expect("00", "bye");
  return script;
}

/// One update on virtual time.
struct Talk {
  boost::asio::io_context context;
  net::VirtualClock clock;
  std::string password = "secret";
  Bytes firmware = small_firmware();
  std::vector<std::uint64_t> progress;
  Error error;

  /// "ok", or the error's code.
  std::string run(net::Link& link) {
    Update what;
    what.firmware = firmware;
    what.password = password;
    what.random = [](std::size_t count) {
      Bytes bytes = *from_hex(cnonce);
      bytes.resize(count);
      return bytes;
    };
    what.progress = [&](std::uint64_t done, std::uint64_t) { progress.push_back(done); };
    const auto done = clock.run(context, [&] { return update(link, what); });
    if (done) return "ok";
    error = done.error();
    return error.stable_code();
  }
};

DeviceOptions options_with(std::string password) {
  DeviceOptions options;
  options.password = std::move(password);
  options.random = [](std::size_t count) { return Bytes(count, 0x5A); };
  return options;
}

}  // namespace

TEST_CASE_FIXTURE(Talk, "an update as espota2.py sends it, byte for byte") {
  net::ScriptedLink link(clock, whole());
  CHECK(run(link) == "ok");
  CHECK(link.finished());
  CHECK(progress == std::vector<std::uint64_t>{32});
}

TEST_CASE("silence, half a reply or a lost link at any step is an error in time") {
  for (const Script::Faulty& faulty : whole().with_each_fault()) {
    CAPTURE(faulty.what);
    Talk talk;
    net::ScriptedLink link(talk.clock, faulty.script);
    const std::string code = talk.run(link);
    CHECK(code != "ok");
    CHECK(code != "net.script");
    CHECK(talk.clock.elapsed() <= 400s);
    CHECK(talk.error.message().find("secret") == std::string::npos);
  }
}

TEST_CASE("each error of the device has its cause") {
  struct Case {
    const char* byte;
    const char* code;
  };
  for (const Case& one : {Case{"80", "esphome.protocol"},
                          {"81", "esphome.refused"},
                          {"82", "esphome.wrong_password"},
                          {"83", "esphome.refused"},
                          {"88", "esphome.no_space"},
                          {"89", "esphome.no_space"},
                          {"8b", "esphome.damaged"},
                          {"90", "esphome.refused"},
                          {"ff", "esphome.refused"},
                          {"13", "esphome.protocol"}}) {
    CAPTURE(one.byte);
    Talk talk;
    Script script;
    script.expect("6c 26 f7 5c 45").reply("00 02").expect("07").reply("48 00").reply(one.byte);
    net::ScriptedLink link(talk.clock, script);
    CHECK(talk.run(link) == one.code);
  }
}

TEST_CASE_FIXTURE(Talk,
                  "a device of version 1 acknowledges no blocks; a third version is refused") {
  password.clear();
  Script script;
  script.expect("6c 26 f7 5c 45").reply("00 01").expect("07").reply("40").reply("41");
  script.expect("00 00 00 20").reply("42");
  script.expect(text("539900caef43a7507695dafd495ed644")).reply("43");
  script.expect(small_firmware()).reply("44").reply("45").expect("00");
  net::ScriptedLink link(clock, script);
  CHECK(run(link) == "ok");
  CHECK(link.finished());

  Talk other;
  Script third;
  third.expect("6c 26 f7 5c 45").reply("00 03");
  net::ScriptedLink newer(other.clock, third);
  CHECK(other.run(newer) == "esphome.unsupported_version");
}

TEST_CASE("the virtual device takes what the host sends") {
  Talk talk;
  talk.firmware.resize(100'000);
  std::iota(talk.firmware.begin(), talk.firmware.end(), std::uint8_t{0});
  DeviceOptions options = options_with("secret");
  SUBCASE("with SHA-256") {}
  SUBCASE("with MD5") { options.sha256 = false; }
  SUBCASE("without a password") { options.password.clear(); }
  SUBCASE("of the first version") { options.version = 1; }
  SUBCASE("without the extended features") { options.extended = false; }
  Device device(options);
  net::MemoryLink link(talk.clock, device);
  CHECK(talk.run(link) == "ok");
  CHECK(device.firmware() == talk.firmware);
  CHECK(talk.progress.back() == talk.firmware.size());
}

TEST_CASE("a device that takes gzip gets fewer bytes") {
  Talk talk;
  talk.firmware.assign(100'000, 0x11);
  DeviceOptions options = options_with("");
  options.gzip = true;
  SUBCASE("extended") {}
  SUBCASE("by the older answer") { options.extended = false; }
  Device device(options);
  net::MemoryLink link(talk.clock, device);
  CHECK(talk.run(link) == "ok");
  REQUIRE(device.firmware().size() > 2);
  CHECK(device.firmware()[0] == 0x1F);
  CHECK(device.firmware()[1] == 0x8B);
  CHECK(device.firmware().size() < 1000);
}

TEST_CASE("each fault of the virtual device has its cause") {
  Talk talk;
  talk.firmware.resize(40'000);
  DeviceOptions options = options_with("secret");
  std::string code;
  SUBCASE("another password") {
    options.password = "another";
    code = "esphome.wrong_password";
  }
  SUBCASE("a password that nobody gave") {
    talk.password.clear();
    code = "esphome.needs_password";
  }
  SUBCASE("a small partition") {
    options.partition_bytes = 39'999;
    code = "esphome.no_space";
  }
  SUBCASE("a bit on its way") {
    options.corrupt_at = 20'000;
    code = "esphome.damaged";
  }
  SUBCASE("no power") {
    options.dead_after = 20'000;
    code = "link.lost";
  }
  SUBCASE("a flash that does not take it") {
    options.refuses_write = true;
    code = "esphome.refused";
  }
  Device device(options);
  net::MemoryLink link(talk.clock, device);
  CHECK(talk.run(link) == code);
  CHECK(device.updates() == 0);
}
