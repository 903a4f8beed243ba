#include "job/bench/statistics.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

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
std::vector<Bin> empty_bins(Nanoseconds first, const Percentile& percentile, std::size_t bins) {
  const Nanoseconds spread = percentile(0.9) - first;
  const Nanoseconds last = std::min(percentile(0.99), percentile(0.5) + 5 * spread);
  const Nanoseconds reach = last - first + Nanoseconds(1);
  const auto wanted = static_cast<Nanoseconds::rep>(bins);
  const Nanoseconds width((reach.count() + wanted - 1) / wanted);
  std::vector<Bin> out;
  for (Nanoseconds from = first; from < first + reach; from += width) {
    out.push_back({from, from + width, 0});
  }
  return out;
}

/// The bar that a time belongs to; the last has what is slower than it.
Bin& bin_of(std::vector<Bin>& bins, Nanoseconds time) {
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

std::vector<Bin> histogram(std::span<const Nanoseconds> sorted, std::size_t bins) {
  if (sorted.empty() || bins == 0) return {};
  std::vector<Bin> out = empty_bins(
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

std::vector<Bin> Tally::histogram(std::size_t bins) const {
  if (count_ == 0 || bins == 0) return {};
  std::vector<Bin> out = empty_bins(
      min_, [this](double share) { return percentile(share); }, bins);
  for (std::size_t place = 0; place < counts_.size(); ++place) {
    if (counts_[place] > 0) bin_of(out, time_of(place)).count += counts_[place];
  }
  out.back().to = std::max(out.back().to, max_ + Nanoseconds(1));
  return out;
}

}  // namespace aiot::bench
