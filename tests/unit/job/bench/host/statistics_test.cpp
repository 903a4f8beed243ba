#include "job/bench/host/measure.hpp"

#include <doctest/doctest.h>

#include <cmath>

namespace aiot::bench {
namespace {

using std::chrono::nanoseconds;

std::vector<nanoseconds> times(std::initializer_list<int> list) {
  std::vector<nanoseconds> out;
  for (const int time : list) out.emplace_back(time);
  return out;
}

TEST_CASE("a percentile is a time that was measured, by nearest rank") {
  const auto ten = times({1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  CHECK(percentile(ten, 0.5).count() == 5);
  CHECK(percentile(ten, 0.9).count() == 9);
  CHECK(percentile(ten, 0.91).count() == 10);
  CHECK(percentile(ten, 0).count() == 1);
  CHECK(percentile(ten, 1).count() == 10);
  CHECK(percentile(times({7}), 0.999).count() == 7);
  std::vector<nanoseconds> hundred;
  for (int i = 1; i <= 100; ++i) hundred.emplace_back(i);
  // 0.07 * 100 is 7.000000000000001 in floating point.
  CHECK(percentile(hundred, 0.07).count() == 7);
}

// Mean and standard deviation by Python's statistics.mean() and statistics.stdev().
TEST_CASE("what ten times come to") {
  auto ten = times({7, 3, 9, 1, 5, 5, 100, 2, 8, 4});
  const Summary s = summarize(ten);
  CHECK(s.count == 10);
  CHECK(s.min.count() == 1);
  CHECK(s.p50.count() == 5);
  CHECK(s.p90.count() == 9);
  CHECK(s.p99.count() == 100);
  CHECK(s.p999.count() == 100);
  CHECK(s.max.count() == 100);
  CHECK(s.mean_ns == doctest::Approx(14.4));
  CHECK(s.stddev_ns == doctest::Approx(30.185353328320602));
  CHECK(ten.front().count() == 1);
}

TEST_CASE("few times: none, one") {
  std::vector<nanoseconds> none;
  CHECK(summarize(none).count == 0);
  auto one = times({42});
  const Summary s = summarize(one);
  CHECK(s.p50.count() == 42);
  CHECK(s.mean_ns == 42);
  CHECK(s.stddev_ns == 0);
}

TEST_CASE("long times that differ by a nanosecond keep their deviation") {
  auto long_ones = times({2'000'000'000, 2'000'000'001, 2'000'000'002});
  CHECK(summarize(long_ones).stddev_ns == doctest::Approx(1));
}

TEST_CASE("a histogram counts each time once, the slow tail in its last bar") {
  std::vector<nanoseconds> sorted;
  for (int i = 0; i < 199; ++i) sorted.emplace_back(1000 + i / 2);
  sorted.emplace_back(50'000);
  const auto bins = histogram(sorted, 10);
  REQUIRE(bins.size() == 10);
  CHECK(bins.front().from.count() == 1000);
  CHECK(bins.front().count == 20);
  std::uint64_t sum = 0;
  for (const TimeBin& bin : bins) sum += bin.count;
  CHECK(sum == 200);
  CHECK(bins.back().to.count() == 50'001);
  for (std::size_t i = 1; i < bins.size(); ++i) CHECK(bins[i].from == bins[i - 1].to);
}

TEST_CASE("a histogram of equal times is one bar, of none no bar") {
  const auto same = times({5, 5, 5});
  const auto bins = histogram(same, 40);
  REQUIRE(bins.size() == 1);
  CHECK(bins[0].count == 3);
  CHECK(histogram({}, 40).empty());
}

/// Times from 30 ns to 100 s that are spread over their orders of magnitude.
std::vector<nanoseconds> spread_times() {
  std::vector<nanoseconds> out;
  std::uint64_t state = 1;
  for (int i = 0; i < 20'000; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;  // Knuth's MMIX generator
    const double share = static_cast<double>(state >> 11U) / 9007199254740992.0;
    out.emplace_back(static_cast<std::int64_t>(30 * std::pow(10, 9.5 * share)));
  }
  return out;
}

TEST_CASE("a tally's percentiles are off by what it says at most, and all else is exact") {
  std::vector<nanoseconds> all = spread_times();
  Tally tally;
  for (const nanoseconds time : all) tally.add(time);
  const Summary exact = summarize(all);
  const Summary counted = tally.summary();
  CHECK(exact.percentile_error == 0);
  CHECK(counted.percentile_error == Tally::error);
  CHECK(counted.count == 20'000);
  CHECK(counted.min == exact.min);
  CHECK(counted.max == exact.max);
  CHECK(counted.mean_ns == doctest::Approx(exact.mean_ns).epsilon(1e-12));
  CHECK(counted.stddev_ns == doctest::Approx(exact.stddev_ns).epsilon(1e-12));
  const auto close = [](nanoseconds a, nanoseconds b) {
    return std::abs(static_cast<double>((a - b).count())) <=
           Tally::error * static_cast<double>(b.count());
  };
  CHECK(close(counted.p50, exact.p50));
  CHECK(close(counted.p90, exact.p90));
  CHECK(close(counted.p99, exact.p99));
  CHECK(close(counted.p999, exact.p999));
  std::uint64_t sum = 0;
  for (const TimeBin& bin : tally.histogram(60)) sum += bin.count;
  CHECK(sum == 20'000);
}

TEST_CASE("up to 8 us a tally is exact, bar by bar") {
  std::vector<nanoseconds> all;
  Tally tally;
  for (int i = 0; i < 8192; ++i) {
    all.emplace_back(i);
    tally.add(nanoseconds(i));
  }
  CHECK(tally.summary().p50 == percentile(all, 0.5));
  CHECK(tally.summary().p999 == percentile(all, 0.999));
  const auto bars = histogram(all, 60);
  const auto counted = tally.histogram(60);
  REQUIRE(counted.size() == bars.size());
  for (std::size_t i = 0; i < bars.size(); ++i) {
    CHECK(counted[i].from == bars[i].from);
    CHECK(counted[i].to == bars[i].to);
    CHECK(counted[i].count == bars[i].count);
  }
  CHECK(Tally().summary().count == 0);
  CHECK(Tally().histogram(60).empty());
  Tally longest;
  longest.add(nanoseconds::max());
  CHECK(longest.summary().p50 == nanoseconds::max());
}

}  // namespace
}  // namespace aiot::bench
