#pragma once

#include <functional>
#include <vector>

#include "aiot/result.hpp"
#include "inference/engine.hpp"
#include "job/bench/ending.hpp"
#include "job/bench/statistics.hpp"

namespace aiot::bench {

/// Where times come from; tests pass their own.
struct Clocks {
  std::function<Nanoseconds()> wall;         ///< monotonic
  std::function<Nanoseconds()> thread_cpu;   ///< of the calling thread
  std::function<Nanoseconds()> process_cpu;  ///< of all threads of this process
};
/// CLOCK_MONOTONIC, CLOCK_THREAD_CPUTIME_ID and CLOCK_PROCESS_CPUTIME_ID.
Clocks real_clocks();
/// What reading the wall clock takes: the least of many readings in pairs. It is part of each time
/// that is measured, and is not taken off.
Nanoseconds clock_cost(const Clocks& clocks);

/// So many runs can be asked for.
constexpr std::uint64_t most_runs = 5'000'000;
/// So many times are kept one by one; those of later runs are counted.
constexpr std::uint64_t most_kept = most_runs;

struct Limits {
  std::uint64_t runs = 0;   ///< exactly so many; 0: until `duration` is over
  Nanoseconds duration{0};  ///< with `runs` 0; at least one run is made
  std::uint64_t kept = most_kept;
};

/// How far it is; called between runs, at most ten times a second.
using OnProgress = std::function<void(Nanoseconds elapsed, std::uint64_t runs)>;

struct WarmUp {
  std::uint64_t runs = 0;
  Nanoseconds time{0};
  bool settled = false;  ///< the median changed by less than 2 % twice in a row
};
/// Runs the engine until its median settles: caches, branch predictors and the CPU's frequency.
Result<WarmUp> warm_up(inference::Engine& engine, const Clocks& clocks, Nanoseconds at_most,
                       const Ending& ending);

struct Times {
  std::vector<Nanoseconds> runs;  ///< in the order they were made, the first Limits::kept
  Tally more;                     ///< the others
  Nanoseconds wall{0};            ///< from the first to the last
  Nanoseconds thread_cpu{0};
  Nanoseconds process_cpu{0};
  bool complete = true;  ///< false: the ending came first
};
/// Runs the engine, and takes the time of each run.
Result<Times> measure(inference::Engine& engine, const Clocks& clocks, const Limits& limits,
                      const Ending& ending, const OnProgress& progress);

/// The median time of each operator in so many runs of their own (taking the time of every
/// operator slows the whole). Empty for an engine that does not tell, or when the ending came
/// first.
Result<std::vector<Nanoseconds>> profile(inference::Engine& engine, const Clocks& clocks,
                                         Nanoseconds at_most, const Ending& ending);

/// Fills every input with the same pseudo-random bytes on every machine (SplitMix64 of `seed`):
/// small integers as they come, floats between -1 and 1.
void fill_inputs(inference::Engine& engine, std::uint64_t seed);

}  // namespace aiot::bench
