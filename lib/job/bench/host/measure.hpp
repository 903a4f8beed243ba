#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

#include "aiot/bench.hpp"
#include "aiot/result.hpp"
#include "inference/engine.hpp"

namespace aiot::bench {

using Nanoseconds = std::chrono::nanoseconds;

/// What many runs' times come to.
struct Summary {
  std::uint64_t count = 0;
  Nanoseconds min{0}, p50{0}, p90{0}, p99{0}, p999{0}, max{0};
  double mean_ns = 0;
  double stddev_ns = 0;  ///< of the sample (divided by count - 1); 0 for a single run
  /// The percentiles are off by this share of themselves at most; 0: they are exact. All else is.
  double percentile_error = 0;
};

/// The value that `share` (0 to 1) of `sorted` do not exceed, by nearest rank: always a time that
/// was measured. `sorted` is not empty.
Nanoseconds percentile(std::span<const Nanoseconds> sorted, double share);

/// Sorts `times`; all zero when there are none.
Summary summarize(std::vector<Nanoseconds>& times);

/// A bar of a histogram: times from `from` up to, but not including, `to`.
struct TimeBin {
  Nanoseconds from{0}, to{0};
  std::uint64_t count = 0;
};
/// `sorted` in `bins` bins of equal width from the fastest to the 99th percentile; what is slower
/// is in the last one, which reaches to the slowest. Fewer where the times are few nanoseconds
/// apart.
std::vector<TimeBin> histogram(std::span<const Nanoseconds> sorted, std::size_t bins);

/// Times of any number of runs in a bounded room (up to 2 MB): how often each came, by its first 13
/// bits. Up to 8 us they are exact.
class Tally {
 public:
  /// What a percentile may be off, as a share of itself.
  static constexpr double error = 1.0 / 8192;

  void add(Nanoseconds time);
  std::uint64_t count() const { return count_; }
  /// Percentiles to `error`; least, most, mean and deviation are exact.
  Summary summary() const;
  /// As histogram() of the times.
  std::vector<TimeBin> histogram(std::size_t bins) const;

 private:
  Nanoseconds percentile(double share) const;
  Nanoseconds time_of(std::size_t place) const;

  std::vector<std::uint64_t> counts_;  // by place
  std::uint64_t count_ = 0;
  Nanoseconds min_{0}, max_{0};
  double mean_ = 0, squares_ = 0;
};

/// What ends a benchmark before it is done: a stop, or the end of the time allowed. It is asked
/// between inferences, by any thread.
class Ending {
 public:
  /// A stop alone.
  Ending(std::stop_token stop) : stop_(std::move(stop)) {}  // NOLINT(google-explicit-constructor)
  /// And from `end` on, by the clock that `now` reads.
  Ending(std::stop_token stop, std::function<Nanoseconds()> now, Nanoseconds end)
      : stop_(std::move(stop)), now_(std::move(now)), end_(end) {}

  bool stopped() const { return stop_.stop_requested(); }
  bool out_of_time() const { return now_ && now_() >= end_; }
  bool due() const { return stopped() || out_of_time(); }

 private:
  std::stop_token stop_;
  std::function<Nanoseconds()> now_;
  Nanoseconds end_{0};
};

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
  /// Called before each run, off the clock of the run: what gives it its input. May be empty.
  std::function<void(std::uint64_t run)> before_each{};
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

/// How a model would do whose runs take these times, one after another, and whose inputs come every
/// `period`: an input waits until the run before it is over.
Stream stream_of(const std::vector<Nanoseconds>& runs, Nanoseconds period);

/// The median time of each operator in so many runs of their own (taking the time of every
/// operator slows the whole). Empty for an engine that does not tell, or when the ending came
/// first.
Result<std::vector<Nanoseconds>> profile(inference::Engine& engine, const Clocks& clocks,
                                         Nanoseconds at_most, const Ending& ending);

/// Fills every input with the same pseudo-random bytes on every machine (SplitMix64 of `seed`):
/// int8, uint8 and int16 as they come, floats between -1 and 1, other integers and truth values 0
/// or 1.
void fill_inputs(inference::Engine& engine, std::uint64_t seed);

}  // namespace aiot::bench
