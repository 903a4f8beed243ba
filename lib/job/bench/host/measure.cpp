#include "job/bench/host/measure.hpp"

#include <time.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace aiot::bench {
namespace {

/// Of `count` values in order, the one that `share` of them do not exceed.
std::uint64_t rank_of(double share, std::uint64_t count) {
  const auto all = static_cast<double>(count);
  // The small step back keeps 0.07 * 100, which is 7.000000000000001, from being rank 8.
  const double rank = std::ceil(share * all - 1e-9);
  return static_cast<std::uint64_t>(std::clamp(rank - 1, 0.0, all - 1));
}

/// The bars for times that begin at `first`, of which `percentile` knows the shares.
template <class Percentile>
std::vector<TimeBin> empty_bins(Nanoseconds first, const Percentile& percentile, std::size_t bins) {
  const Nanoseconds spread = percentile(0.9) - first;
  const Nanoseconds last = std::min(percentile(0.99), percentile(0.5) + 5 * spread);
  const Nanoseconds reach = last - first + Nanoseconds(1);
  const auto wanted = static_cast<Nanoseconds::rep>(bins);
  const Nanoseconds width((reach.count() + wanted - 1) / wanted);
  std::vector<TimeBin> out;
  for (Nanoseconds from = first; from < first + reach; from += width) {
    out.push_back({from, from + width, 0});
  }
  return out;
}

/// The bar that a time belongs to; the last has what is slower than it.
TimeBin& bin_of(std::vector<TimeBin>& bins, Nanoseconds time) {
  const Nanoseconds width = bins.front().to - bins.front().from;
  const auto at = static_cast<std::size_t>((time - bins.front().from) / width);
  return bins[std::min(at, bins.size() - 1)];
}

// A place of Tally is a time's first `kept` bits, and how many follow them.
constexpr int kept = 13;
constexpr std::size_t half = std::size_t{1} << (kept - 1);

}  // namespace

Nanoseconds percentile(std::span<const Nanoseconds> sorted, double share) {
  return sorted[static_cast<std::size_t>(rank_of(share, sorted.size()))];
}

Summary summarize(std::vector<Nanoseconds>& times) {
  Summary summary;
  if (times.empty()) return summary;
  std::sort(times.begin(), times.end());
  summary.count = times.size();
  summary.min = times.front();
  summary.p50 = percentile(times, 0.5);
  summary.p90 = percentile(times, 0.9);
  summary.p99 = percentile(times, 0.99);
  summary.p999 = percentile(times, 0.999);
  summary.max = times.back();
  // Welford's way: a sum of squares of nanoseconds would lose the digits that matter.
  double mean = 0;
  double squares = 0;
  double seen = 0;
  for (const Nanoseconds time : times) {
    seen += 1;
    const double difference = static_cast<double>(time.count()) - mean;
    mean += difference / seen;
    squares += difference * (static_cast<double>(time.count()) - mean);
  }
  summary.mean_ns = mean;
  summary.stddev_ns = seen > 1 ? std::sqrt(squares / (seen - 1)) : 0;
  return summary;
}

std::vector<TimeBin> histogram(std::span<const Nanoseconds> sorted, std::size_t bins) {
  if (sorted.empty() || bins == 0) return {};
  std::vector<TimeBin> out = empty_bins(
      sorted.front(), [&](double share) { return percentile(sorted, share); }, bins);
  for (const Nanoseconds time : sorted) ++bin_of(out, time).count;
  out.back().to = std::max(out.back().to, sorted.back() + Nanoseconds(1));
  return out;
}

void Tally::add(Nanoseconds time) {
  time = std::max(time, Nanoseconds(0));
  const auto value = static_cast<std::uint64_t>(time.count());
  const int follow = std::max(0, static_cast<int>(std::bit_width(value)) - kept);
  const std::size_t place = static_cast<std::size_t>(follow) * half + (value >> follow);
  if (place >= counts_.size()) counts_.resize(place + half);
  ++counts_[place];
  min_ = count_ == 0 ? time : std::min(min_, time);
  max_ = std::max(max_, time);
  ++count_;
  const double difference = static_cast<double>(time.count()) - mean_;
  mean_ += difference / static_cast<double>(count_);
  squares_ += difference * (static_cast<double>(time.count()) - mean_);
}

Nanoseconds Tally::time_of(std::size_t place) const {
  const std::size_t follow = place < 2 * half ? 0 : place / half - 1;
  const std::uint64_t from = (place - follow * half) << follow;
  const std::uint64_t middle = from + (follow == 0 ? 0 : std::uint64_t{1} << (follow - 1));
  return std::clamp(Nanoseconds(middle), min_, max_);
}

Nanoseconds Tally::percentile(double share) const {
  const std::uint64_t rank = rank_of(share, count_);
  std::uint64_t before = 0;
  for (std::size_t place = 0; place < counts_.size(); ++place) {
    before += counts_[place];
    if (before > rank) return time_of(place);
  }
  return max_;
}

Summary Tally::summary() const {
  Summary summary;
  if (count_ == 0) return summary;
  summary.count = count_;
  summary.min = min_;
  summary.p50 = percentile(0.5);
  summary.p90 = percentile(0.9);
  summary.p99 = percentile(0.99);
  summary.p999 = percentile(0.999);
  summary.max = max_;
  summary.mean_ns = mean_;
  summary.stddev_ns = count_ > 1 ? std::sqrt(squares_ / static_cast<double>(count_ - 1)) : 0;
  summary.percentile_error = error;
  return summary;
}

std::vector<TimeBin> Tally::histogram(std::size_t bins) const {
  if (count_ == 0 || bins == 0) return {};
  std::vector<TimeBin> out = empty_bins(
      min_, [this](double share) { return percentile(share); }, bins);
  for (std::size_t place = 0; place < counts_.size(); ++place) {
    if (counts_[place] > 0) bin_of(out, time_of(place)).count += counts_[place];
  }
  out.back().to = std::max(out.back().to, max_ + Nanoseconds(1));
  return out;
}

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
  constexpr std::chrono::milliseconds report_every{100};
  Times times;
  // Memory that is touched for the first time costs a page fault: not while the clock runs.
  times.runs.resize(static_cast<std::size_t>(
      std::min(limits.kept, limits.runs == 0 ? std::uint64_t{4096} : limits.runs)));
  times.runs.clear();
  const Nanoseconds thread_begin = clocks.thread_cpu();
  const Nanoseconds process_begin = clocks.process_cpu();
  const Nanoseconds begin = clocks.wall();
  Nanoseconds reported = begin;
  std::uint64_t runs = 0;
  for (;;) {
    if (limits.before_each) limits.before_each(runs);
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
    if (progress && after - reported >= report_every) {
      reported = after;
      progress(times.wall, runs);
    }
  }
  times.thread_cpu = clocks.thread_cpu() - thread_begin;
  times.process_cpu = clocks.process_cpu() - process_begin;
  return times;
}

Stream stream_of(const std::vector<Nanoseconds>& runs, Nanoseconds period) {
  const auto us = [](Nanoseconds time) { return static_cast<double>(time.count()) / 1000; };
  Stream stream;
  stream.period_us = us(period);
  Nanoseconds arrives{0};
  Nanoseconds free{0};  // when the run before is over
  Nanoseconds longest{0};
  Nanoseconds sum{0};
  for (const Nanoseconds time : runs) {
    free = std::max(free, arrives) + time;
    longest = std::max(longest, free - arrives);
    arrives += period;
    if (free > arrives) ++stream.late;
    sum += time;
  }
  stream.longest_us = us(longest);
  if (!runs.empty()) stream.share = us(sum) / static_cast<double>(runs.size()) / us(period);
  stream.keeps_up = stream.late == 0;
  return stream;
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
    // Positions and truth values: beyond 1, most models have nothing.
    const auto unit = inference::size_of(engine.inputs()[i].type);
    const bool counts = unit > 2 || engine.inputs()[i].type == inference::Type::boolean;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      const auto shift = counts ? 63U : 56U;
      const auto value = random.next() >> shift;
      bytes[at] = counts && at % unit != 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(value);
    }
  }
}

}  // namespace aiot::bench
