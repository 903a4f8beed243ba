#include "talk.hpp"

using namespace aiot;
using namespace aiot::energyrunner;
using namespace std::chrono_literals;
using net::Script;
using net::ScriptedLink;

namespace {

const char* laps =
    "m-warmup-start-0\r\nm-warmup-done\r\nm-infer-start-2\r\nm-lap-us-1000\r\nm-lap-us-29000\r\n"
    "m-infer-done\r\nm-results-[0.004,0.996]\r\nm-ready\r\n";

net::Task<Inference> infer_twice(Session& session) {
  InferRequest request(2, 0, 30s);
  return session.infer(std::move(request));
}

}  // namespace

TEST_CASE_FIXTURE(Talk, "laps and results of an inference") {
  Script script;
  script.expect(text("infer 2 0%"));
  script.reply(text("m-warmup-start-0\r\nm-warmup-done\r\nm-infer-start-2\r\nm-lap-us-1000\r\n"));
  script.after(28ms).reply(
      text("m-lap-us-29000\r\nm-infer-done\r\nm-results-[0.004,0.996]\r\nm-ready\r\n"));
  ScriptedLink link(clock, script, serial());
  Result<Inference> done = run(link, infer_twice);
  REQUIRE_MESSAGE(done, done.error().message());
  CHECK(done->device_us == 28000U);
  CHECK(done->end - done->begin == 28ms);
  CHECK(done->results == std::vector<double>{0.004, 0.996});
  CHECK(!done->results_repeated);
}

TEST_CASE_FIXTURE(Talk, "a clock that goes round in between") {
  Script script;
  says(script, "infer 2 0",
       "m-warmup-start-0\r\nm-warmup-done\r\nm-infer-start-2\r\nm-lap-us-4294960000\r\n"
       "m-lap-us-9992704\r\nm-infer-done\r\nm-results-[1.000]\r\nm-ready\r\n");
  ScriptedLink link(clock, script, serial());
  Result<Inference> done = run(link, infer_twice);
  REQUIRE(done);
  CHECK(done->device_us == 10'000'000U);
}

TEST_CASE_FIXTURE(Talk, "what was not loaded is an error, though the device goes on") {
  Script script;
  says(script, "infer 2 0",
       "Input db has 31 elemented, expected 3072\nm-warmup-start-0\r\nm-warmup-done\r\n"
       "m-infer-start-2\r\nm-lap-us-1\r\nm-lap-us-2\r\nm-infer-done\r\nm-results-[0.1]\r\n"
       "m-ready\r\n");
  ScriptedLink link(clock, script, serial());
  Result<Inference> done = run(link, infer_twice);
  REQUIRE(!done);
  CHECK(done.error().stable_code() == "energyrunner.not_loaded");
}

TEST_CASE_FIXTURE(Talk, "damaged results are asked for again, a damaged lap cannot be") {
  Script script;
  std::string damaged = laps;
  damaged.replace(damaged.find("0.996"), 5, "0.9x6");
  says(script, "infer 2 0", damaged);
  says(script, "results", "m-results-[0.004,0.996]\r\nm-ready\r\n");
  ScriptedLink link(clock, script, serial());
  Result<Inference> done = run(link, infer_twice);
  REQUIRE(done);
  CHECK(done->results_repeated);
  CHECK(done->results == std::vector<double>{0.004, 0.996});

  Talk other;
  Script lost;
  damaged = laps;
  damaged.replace(damaged.find("29000"), 5, "29o00");
  says(lost, "infer 2 0", damaged);
  ScriptedLink second(other.clock, lost, serial());
  Result<Inference> failed = other.run(second, infer_twice);
  REQUIRE(!failed);
  CHECK(failed.error().stable_code() == "energyrunner.garbled");
}

TEST_CASE("an inference with something going wrong ends in an error, in the time it was given") {
  Script script;
  says(script, "infer 2 0", laps);
  CHECK(Talk::with_each_fault(script, 1min, infer_twice) == 3);
}
