#include "job/bench/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace aiot::bench {

Nanoseconds percentile(std::span<const Nanoseconds> sorted, double share) {
  const auto count = static_cast<double>(sorted.size());
  // The small step back keeps 0.07 * 100, which is 7.000000000000001, from being rank 8.
  const double rank = std::ceil(share * count - 1e-9);
  const auto index = static_cast<std::size_t>(std::clamp(rank - 1, 0.0, count - 1));
  return sorted[index];
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
  const Nanoseconds first = sorted.front();
  const Nanoseconds spread = percentile(sorted, 0.9) - first;
  const Nanoseconds last = std::min(percentile(sorted, 0.99), percentile(sorted, 0.5) + 5 * spread);
  const Nanoseconds reach = last - first + Nanoseconds(1);
  const auto wanted = static_cast<Nanoseconds::rep>(bins);
  const Nanoseconds width((reach.count() + wanted - 1) / wanted);
  std::vector<Bin> out;
  for (Nanoseconds from = first; from < first + reach; from += width) {
    out.push_back({from, from + width, 0});
  }
  for (const Nanoseconds time : sorted) {
    const auto at = static_cast<std::size_t>((time - first) / width);
    ++out[std::min(at, out.size() - 1)].count;
  }
  out.back().to = std::max(out.back().to, sorted.back() + Nanoseconds(1));
  return out;
}

}  // namespace aiot::bench
