#include "talk.hpp"

using namespace aiot;
using namespace aiot::energyrunner;
using namespace std::chrono_literals;
using net::Script;
using net::ScriptedLink;

namespace {

Bytes some_input() {
  Bytes out;
  for (int i = 0; i < 45; ++i) out.push_back(static_cast<std::uint8_t>(i));
  return out;
}

// 45 bytes: 38 fill a command, 7 are left.
const char* first_part =
    "db 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425";
const char* second_part = "db 262728292a2b2c";
const char* ready = "m-ready\r\n";
const char* expecting = "m-[Expecting 45 bytes]\r\nm-ready\r\n";
const char* done = "m-load-done\r\nm-ready\r\n";
const char* dump =
    "m-buffer-00-01-02-03-04-05-06-07\r\nm-buffer-08-09-0a-0b-0c-0d-0e-0f\r\n"
    "m-buffer-10-11-12-13-14-15-16-17\r\nm-buffer-18-19-1a-1b-1c-1d-1e-1f\r\n"
    "m-buffer-20-21-22-23-24-25-26-27\r\nm-buffer-28-29-2a-2b-2c\r\n\r\nm-ready\r\n";

Script loaded() {
  Script script;
  says(script, "db load 45", expecting);
  says(script, first_part, ready);
  says(script, second_part, done);
  return script;
}

net::Task<Upload> load_and_prove(Session& session) {
  const Bytes input = some_input();
  Result<Upload> upload = co_await session.upload(input, true);
  co_return upload;
}

}  // namespace

TEST_CASE_FIXTURE(Talk, "an upload in the largest parts, read back") {
  Script script = loaded();
  says(script, "db print", dump);
  ScriptedLink link(clock, script, serial());
  Result<Upload> upload = run(link, load_and_prove);
  REQUIRE_MESSAGE(upload, upload.error().message());
  CHECK(upload->attempts == 1);
  CHECK(upload->commands == 3);
  CHECK(upload->proved);
  CHECK(link.finished());
}

TEST_CASE("an upload with something going wrong for good ends in an error, in time") {
  Script script = loaded();
  says(script, "db print", dump);
  CHECK(Talk::with_each_fault(script, 3min, load_and_prove) > 0);
}

TEST_CASE("an upload that stalls once is begun again") {
  struct Case {
    const char* what;
    std::function<void(Script&)> spoil;
    const char* code;
  };
  const Case cases[] = {
      {"nothing to the announcement", [](Script& script) { script.expect(text("db load 45%")); },
       "energyrunner.no_answer"},
      {"nothing to a part",
       [](Script& script) {
         says(script, "db load 45", expecting);
         script.expect(text(std::string(first_part) + "%"));
       },
       "energyrunner.no_answer"},
      {"a part of the reply",
       [](Script& script) {
         says(script, "db load 45", expecting);
         says(script, first_part, "m-re");
       },
       "energyrunner.no_answer"},
      {"the device started again",
       [](Script& script) {
         says(script, "db load 45", expecting);
         says(script, first_part,
              "m-timestamp-mode-performance\r\nm-lap-us-9\r\nm-init-done\r\nm-ready\r\n");
       },
       "energyrunner.restarted"},
      {"a digit was damaged on the way",
       [](Script& script) {
         says(script, "db load 45", expecting);
         says(script, first_part, "e-[Invalid hex digit '0p']\r\nm-ready\r\n");
       },
       "energyrunner.refused"},
      {"bytes were lost: it waits for more",
       [](Script& script) {
         says(script, "db load 45", expecting);
         says(script, first_part, ready);
         says(script, second_part, ready);
       },
       "energyrunner.upload_failed"},
      {"another size arrived",
       [](Script& script) { says(script, "db load 45", "m-[Expecting 4 bytes]\r\nm-ready\r\n"); },
       "energyrunner.upload_failed"},
      {"a byte is another",
       [](Script& script) {
         says(script, "db load 45", expecting);
         says(script, first_part, ready);
         says(script, second_part, done);
         std::string other = dump;
         other.replace(other.find("-0c-"), 4, "-0d-");
         says(script, "db print", other);
       },
       "energyrunner.upload_mismatch"},
  };
  for (const Case& one : cases) {
    Talk talk;
    Script script;
    one.spoil(script);
    says(script, "name", name_reply);  // it listens again
    says(script, "db load 45", expecting);
    says(script, first_part, ready);
    says(script, second_part, done);
    says(script, "db print", dump);
    ScriptedLink link(talk.clock, script, Talk::serial());
    Result<Upload> upload = talk.run(link, load_and_prove);
    REQUIRE_MESSAGE(upload, one.what << ": " << upload.error().message());
    CHECK(upload->attempts == 2);
    CHECK(upload->proved);
    REQUIRE(upload->repaired.size() == 1);
    CHECK_MESSAGE(upload->repaired[0].stable_code() == one.code, one.what);
    CHECK_MESSAGE(!upload->repaired[0].hint.empty(), one.what);
    CHECK_MESSAGE(link.finished(), one.what);
  }
}

TEST_CASE_FIXTURE(Talk, "a buffer that is too small is said at once, though without e-") {
  Script script;
  says(script, "db load 45", "Supplied buffer size 45 exceeds maximum of 40\nm-ready\r\n");
  ScriptedLink link(clock, script, serial());
  Result<Upload> upload = run(link, load_and_prove);
  REQUIRE(!upload);
  CHECK(upload.error().stable_code() == "energyrunner.too_large");
  CHECK(upload.error().peer_text == "Supplied buffer size 45 exceeds maximum of 40");
  CHECK(upload.error().hint.starts_with("see that the input is for the device's model"));
  CHECK(clock.elapsed() < 1s);
}

TEST_CASE_FIXTURE(Talk, "a dump with a damaged line is asked for again") {
  Script script = loaded();
  std::string damaged = dump;
  damaged.replace(damaged.find("m-buffer-10"), 11, "m-buffer-1x");
  says(script, "db print", damaged);
  says(script, "name", name_reply);
  says(script, "db print", dump);
  ScriptedLink link(clock, script, serial());
  Result<Upload> upload = run(link, load_and_prove);
  REQUIRE_MESSAGE(upload, upload.error().message());
  CHECK(upload->attempts == 1);
  CHECK(link.finished());
}
