#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace aiot::bench {

using Nanoseconds = std::chrono::nanoseconds;

/// What many runs' times come to.
struct Summary {
  std::uint64_t count = 0;
  Nanoseconds min{0}, p50{0}, p90{0}, p99{0}, p999{0}, max{0};
  double mean_ns = 0;
  double stddev_ns = 0;  ///< of the sample (divided by count - 1); 0 for a single run
};

/// The value that `share` (0 to 1) of `sorted` do not exceed, by nearest rank: always a time that
/// was measured. `sorted` is not empty.
Nanoseconds percentile(std::span<const Nanoseconds> sorted, double share);

/// Sorts `times`; all zero when there are none.
Summary summarize(std::vector<Nanoseconds>& times);

/// A bar of a histogram: times from `from` up to, but not including, `to`.
struct Bin {
  Nanoseconds from{0}, to{0};
  std::uint64_t count = 0;
};
/// `sorted` in `bins` bins of equal width from the fastest to the 99th percentile; what is slower
/// is in the last one, which reaches to the slowest. Fewer where the times are few nanoseconds
/// apart.
std::vector<Bin> histogram(std::span<const Nanoseconds> sorted, std::size_t bins);

}  // namespace aiot::bench
