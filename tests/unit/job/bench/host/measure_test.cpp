#include "job/bench/host/measure.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "aiot/bytes.hpp"
#include "scripted_engine.hpp"

namespace aiot::bench {
namespace {

using namespace std::chrono_literals;

struct Room {
  test::VirtualTime time;
  test::ScriptedEngine engine{4, 2};
  std::stop_source stop;
  Room() { engine.time = &time; }
};

TEST_CASE("the warm-up ends when the median has settled") {
  Room room;
  // 100 us at first, 10 us from run 1000 on: 100 ms, then quick.
  room.engine.takes = [](std::uint64_t run) { return run < 1000 ? 100us : 10us; };
  const auto warm = warm_up(room.engine, room.time.clocks(), 10s, room.stop.get_token());
  REQUIRE(warm.has_value());
  CHECK(warm->settled);
  // Two batches of 50 ms are slow and alike once; the third is quick, the fourth and fifth agree.
  CHECK(warm->time == 250ms);
}

TEST_CASE("a warm-up that does not settle has a bound; a slow model runs once") {
  Room room;
  room.engine.takes = [](std::uint64_t run) { return 1us * (1 + run / 1000); };
  const auto warm = warm_up(room.engine, room.time.clocks(), 200ms, room.stop.get_token());
  REQUIRE(warm.has_value());
  CHECK_FALSE(warm->settled);
  CHECK(warm->time >= 200ms);
  CHECK(warm->time < 201ms);

  Room slow;
  slow.engine.takes = [](std::uint64_t) { return 5s; };
  CHECK(warm_up(slow.engine, slow.time.clocks(), 1s, slow.stop.get_token())->runs == 1);
}

TEST_CASE("so many runs, or so long") {
  Room room;
  const auto counted =
      measure(room.engine, room.time.clocks(), {.runs = 7}, room.stop.get_token(), nullptr);
  REQUIRE(counted.has_value());
  CHECK(counted->runs.size() == 7);
  CHECK(counted->wall == 7us);
  CHECK(counted->thread_cpu == 7us);
  CHECK(counted->complete);
  const auto timed =
      measure(room.engine, room.time.clocks(), {.duration = 1ms}, room.stop.get_token(), nullptr);
  CHECK(timed->runs.size() == 1000);
  const auto once =
      measure(room.engine, room.time.clocks(), {.duration = 0ms}, room.stop.get_token(), nullptr);
  CHECK(once->runs.size() == 1);
}

TEST_CASE("times are kept in the order of the runs") {
  Room room;
  room.engine.takes = [](std::uint64_t run) { return Nanoseconds(100 - run); };
  const auto times =
      measure(room.engine, room.time.clocks(), {.runs = 3}, room.stop.get_token(), nullptr);
  REQUIRE(times.has_value());
  CHECK(times->runs == std::vector<Nanoseconds>{100ns, 99ns, 98ns});
}

TEST_CASE("a duration is held also when there are more runs than are kept one by one") {
  Room room;
  const auto times = measure(room.engine, room.time.clocks(), {.duration = 1ms, .kept = 100},
                             room.stop.get_token(), nullptr);
  REQUIRE(times.has_value());
  CHECK(times->wall == 1ms);
  CHECK(times->runs.size() == 100);
  CHECK(times->more.count() == 900);
  CHECK(times->complete);
  const auto counted = measure(room.engine, room.time.clocks(), {.runs = 150, .kept = 100},
                               room.stop.get_token(), nullptr);
  CHECK(counted->runs.size() == 100);
  CHECK(counted->more.count() == 50);
}

TEST_CASE("progress comes at most ten times a second") {
  Room room;
  room.engine.takes = [](std::uint64_t) { return 30ms; };
  std::vector<std::uint64_t> told;
  const auto times = measure(room.engine, room.time.clocks(), {.runs = 10}, room.stop.get_token(),
                             [&](Nanoseconds elapsed, std::uint64_t runs) {
                               CHECK(elapsed == 30ms * runs);
                               told.push_back(runs);
                             });
  REQUIRE(times.has_value());
  CHECK(told == std::vector<std::uint64_t>{4, 8});
}

TEST_CASE("a stop ends it with what was measured so far") {
  Room room;
  room.engine.takes = [&](std::uint64_t run) {
    if (run == 4) room.stop.request_stop();
    return 1ms;
  };
  const auto times =
      measure(room.engine, room.time.clocks(), {.duration = 1h}, room.stop.get_token(), nullptr);
  REQUIRE(times.has_value());
  CHECK_FALSE(times->complete);
  CHECK(times->runs.size() == 5);
}

TEST_CASE("an engine that fails, at each step") {
  for (std::uint64_t at = 0; at < 3; ++at) {
    Room room;
    room.engine.fail_at = at;
    CHECK(measure(room.engine, room.time.clocks(), {.runs = 5}, room.stop.get_token(), nullptr)
              .error()
              .code == inference::Errc::engine_failed);
    Room warm;
    warm.engine.fail_at = at;
    CHECK(warm_up(warm.engine, warm.time.clocks(), 1s, warm.stop.get_token()).has_error());
    Room profiled;
    profiled.engine.fail_at = at;
    profiled.engine.ops.resize(1);
    profiled.engine.op_times = {1us};
    CHECK(profile(profiled.engine, profiled.time.clocks(), 1s, profiled.stop.get_token())
              .has_error());
  }
}

TEST_CASE("the profile is the median of each operator") {
  Room room;
  room.engine.ops.resize(2);
  room.engine.op_times = {10us, 30us};  // taken once, twice, three times in turn
  const auto medians = profile(room.engine, room.time.clocks(), 100us, room.stop.get_token());
  REQUIRE(medians.has_value());
  CHECK(*medians == std::vector<Nanoseconds>{20us, 60us});
  CHECK(room.engine.runs == 100);
  Room silent;
  CHECK(profile(silent.engine, silent.time.clocks(), 1s, silent.stop.get_token())->empty());
}

// SplitMix64 with seed 1234567 gives 6457827717110365317, 3203168211198807973, … (the reference
// implementation's published check values): the first bytes are their highest.
TEST_CASE("inputs are filled alike on every machine") {
  Room room;
  fill_inputs(room.engine, 1234567);
  CHECK(room.engine.in[0][0] == 6457827717110365317U >> 56U);
  CHECK(room.engine.in[0][1] == 3203168211198807973U >> 56U);
  // Positions are within any table: 0 or 1.
  room.engine.ins[0].type = inference::Type::int32;
  fill_inputs(room.engine, 1234567);
  for (std::size_t i = 0; i + 4 <= room.engine.in[0].size(); i += 4) {
    CHECK(load_le32(&room.engine.in[0][i]) <= 1);
  }
  room.engine.ins[0].type = inference::Type::boolean;
  fill_inputs(room.engine, 1234567);
  CHECK(std::ranges::all_of(room.engine.in[0], [](std::uint8_t byte) { return byte <= 1; }));
  CHECK(std::ranges::count(room.engine.in[0], 1) > 0);
  room.engine.ins[0].type = inference::Type::float32;
  fill_inputs(room.engine, 1234567);
  float value = 0;
  std::memcpy(&value, room.engine.in[0].data(), sizeof value);
  CHECK(value == doctest::Approx(6457827717110365317.0 / 9223372036854775808.0 - 1).epsilon(1e-6));
}

TEST_CASE("the real clocks move, and reading them costs something") {
  const Clocks clocks = real_clocks();
  const Nanoseconds cpu = clocks.thread_cpu();
  const Nanoseconds wall = clocks.wall();
  const Nanoseconds cost = clock_cost(clocks);
  CHECK(cost.count() >= 0);
  CHECK(clocks.wall() > wall);
  CHECK(clocks.thread_cpu() > cpu);
  CHECK(clocks.process_cpu() >= clocks.thread_cpu());
}

}  // namespace
}  // namespace aiot::bench
