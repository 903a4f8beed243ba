#include "job/bench/measure.hpp"

#include <time.h>

#include <algorithm>
#include <cstring>

namespace aiot::bench {
namespace {

Nanoseconds read_clock(clockid_t id) {
  timespec now{};
  ::clock_gettime(id, &now);
  return std::chrono::seconds(now.tv_sec) + Nanoseconds(now.tv_nsec);
}

/// SplitMix64 (Steele, Lea and Flood 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t x = state_ += 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31U);
  }

 private:
  std::uint64_t state_;
};

Nanoseconds median(std::vector<Nanoseconds>& times) {
  std::sort(times.begin(), times.end());
  return percentile(times, 0.5);
}

}  // namespace

Clocks real_clocks() {
  return {[] { return read_clock(CLOCK_MONOTONIC); },
          [] { return read_clock(CLOCK_THREAD_CPUTIME_ID); },
          [] { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }};
}

Nanoseconds clock_cost(const Clocks& clocks) {
  Nanoseconds least = Nanoseconds::max();
  for (int i = 0; i < 1000; ++i) {
    const Nanoseconds before = clocks.wall();
    least = std::min(least, clocks.wall() - before);
  }
  return least;
}

Result<WarmUp> warm_up(inference::Engine& engine, const Clocks& clocks, Nanoseconds at_most,
                       const Ending& ending) {
  constexpr std::chrono::milliseconds batch_time{50};
  constexpr std::size_t batch_least = 5;
  constexpr double same = 0.02;
  WarmUp done;
  const Nanoseconds begin = clocks.wall();
  std::vector<Nanoseconds> batch;
  Nanoseconds batch_begin = begin;
  Nanoseconds earlier{0};
  int alike = 0;
  do {
    const Nanoseconds before = clocks.wall();
    AIOT_CHECK(engine.invoke());
    const Nanoseconds after = clocks.wall();
    batch.push_back(after - before);
    ++done.runs;
    done.time = after - begin;
    if (after - batch_begin < batch_time || batch.size() < batch_least) continue;
    const Nanoseconds now = median(batch);
    const auto change = std::chrono::abs(now - earlier).count();
    const bool close = static_cast<double>(change) <= same * static_cast<double>(now.count());
    alike = earlier.count() > 0 && close ? alike + 1 : 0;
    done.settled = alike == 2;
    earlier = now;
    batch.clear();
    batch_begin = after;
  } while (!done.settled && done.time < at_most && !ending.due());
  return done;
}

Result<Times> measure(inference::Engine& engine, const Clocks& clocks, const Limits& limits,
                      const Ending& ending, const OnProgress& progress) {
  constexpr std::chrono::milliseconds tell_every{100};
  Times times;
  // Memory that is touched for the first time costs a page fault: not while the clock runs.
  times.runs.resize(static_cast<std::size_t>(
      std::min(limits.kept, limits.runs == 0 ? std::uint64_t{4096} : limits.runs)));
  times.runs.clear();
  const Nanoseconds thread_begin = clocks.thread_cpu();
  const Nanoseconds process_begin = clocks.process_cpu();
  const Nanoseconds begin = clocks.wall();
  Nanoseconds told = begin;
  std::uint64_t runs = 0;
  for (;;) {
    const Nanoseconds before = clocks.wall();
    auto ran = engine.invoke();
    const Nanoseconds after = clocks.wall();
    if (!ran) return std::move(ran).error();
    if (times.runs.size() < limits.kept) {
      times.runs.push_back(after - before);
    } else {
      times.more.add(after - before);
    }
    ++runs;
    times.wall = after - begin;
    if (limits.runs > 0 && runs >= limits.runs) break;
    if (limits.runs == 0 && times.wall >= limits.duration) break;
    times.complete = !ending.due();
    if (!times.complete) break;
    if (progress && after - told >= tell_every) {
      told = after;
      progress(times.wall, runs);
    }
  }
  times.thread_cpu = clocks.thread_cpu() - thread_begin;
  times.process_cpu = clocks.process_cpu() - process_begin;
  return times;
}

Result<std::vector<Nanoseconds>> profile(inference::Engine& engine, const Clocks& clocks,
                                         Nanoseconds at_most, const Ending& ending) {
  constexpr std::size_t runs_least = 5;
  constexpr std::size_t runs_most = 1000;
  const std::size_t operators = engine.operators().size();
  if (operators == 0) return std::vector<Nanoseconds>();
  std::vector<std::vector<Nanoseconds>> all(operators);
  const Nanoseconds begin = clocks.wall();
  for (std::size_t run = 0; run < runs_most; ++run) {
    if (run >= runs_least && clocks.wall() - begin >= at_most) break;
    if (ending.due()) return std::vector<Nanoseconds>();
    std::vector<Nanoseconds> times(operators, Nanoseconds(0));
    AIOT_CHECK(engine.invoke_timed(times));
    for (std::size_t i = 0; i < operators; ++i) all[i].push_back(times[i]);
  }
  std::vector<Nanoseconds> medians;
  for (auto& times : all) medians.push_back(median(times));
  return medians;
}

void fill_inputs(inference::Engine& engine, std::uint64_t seed) {
  Random random(seed);
  for (std::size_t i = 0; i < engine.inputs().size(); ++i) {
    const auto bytes = engine.input(i);
    if (engine.inputs()[i].type == inference::Type::float32) {
      for (std::size_t at = 0; at + sizeof(float) <= bytes.size(); at += sizeof(float)) {
        // 24 bits are all that a float holds.
        const auto value = static_cast<float>(random.next() >> 40U) / 8388608.0F - 1.0F;
        std::memcpy(&bytes[at], &value, sizeof value);
      }
      continue;
    }
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.next() >> 56U);
  }
}

}  // namespace aiot::bench
