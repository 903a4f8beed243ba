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
  /// The percentiles are off by this share of themselves at most; 0: they are exact. All else is.
  double percentile_error = 0;
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
  std::vector<Bin> histogram(std::size_t bins) const;

 private:
  Nanoseconds percentile(double share) const;
  Nanoseconds time_of(std::size_t place) const;

  std::vector<std::uint64_t> counts_;  // by place
  std::uint64_t count_ = 0;
  Nanoseconds min_{0}, max_{0};
  double mean_ = 0, squares_ = 0;
};

}  // namespace aiot::bench
