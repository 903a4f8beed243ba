#include "job/bench/accuracy.hpp"

#include <algorithm>
#include <cmath>

namespace aiot::bench {
namespace {

/// 97.5 % of a normal distribution lie below this many standard deviations.
constexpr double z = 1.959963984540054;

}  // namespace

Interval wilson(std::uint64_t right, std::uint64_t all) {
  if (all == 0) return {0, 1};
  const auto n = static_cast<double>(all);
  const double p = static_cast<double>(right) / n;
  const double scale = 1 + z * z / n;
  const double middle = (p + z * z / (2 * n)) / scale;
  const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale;
  // None right and all right have 0 and 1 as a bound, to which rounding does not quite come.
  return {right == 0 ? 0.0 : std::max(0.0, middle - half),
          right == all ? 1.0 : std::min(1.0, middle + half)};
}

ConfusionMatrix::ConfusionMatrix(std::uint32_t classes)
    : classes_(classes), cells_(std::size_t{classes} * classes) {}

void ConfusionMatrix::add(std::uint32_t truth, std::uint32_t taken_for, std::uint64_t times) {
  cells_[std::size_t{truth} * classes_ + taken_for] += times;
}

void ConfusionMatrix::add(const ConfusionMatrix& other) {
  for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i] += other.cells_[i];
}

std::uint64_t ConfusionMatrix::at(std::uint32_t truth, std::uint32_t taken_for) const {
  return cells_[std::size_t{truth} * classes_ + taken_for];
}

std::uint64_t ConfusionMatrix::total() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t cell : cells_) sum += cell;
  return sum;
}

std::uint64_t ConfusionMatrix::right() const {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < classes_; ++i) sum += at(i, i);
  return sum;
}

Auc auc(std::vector<Score> scores) {
  Auc out;
  std::sort(scores.begin(), scores.end(),
            [](const Score& a, const Score& b) { return a.value < b.value; });
  double wins = 0;  // of a positive over a negative; a tie is half a win
  for (std::size_t i = 0; i < scores.size();) {
    std::uint64_t positives = 0;
    std::uint64_t negatives = 0;
    std::size_t same = i;
    for (; same < scores.size() && scores[same].value == scores[i].value; ++same) {
      ++(scores[same].positive ? positives : negatives);
    }
    const auto p = static_cast<double>(positives);
    wins += p * static_cast<double>(out.negatives) + p * static_cast<double>(negatives) / 2;
    out.positives += positives;
    out.negatives += negatives;
    i = same;
  }
  if (out.positives == 0 || out.negatives == 0) return {0.5, {0, 1}, out.positives, out.negatives};
  const auto n = static_cast<double>(out.negatives);
  const auto p = static_cast<double>(out.positives);
  const double a = wins / (p * n);
  const double q1 = a / (2 - a);
  const double q2 = 2 * a * a / (1 + a);
  const double variance = (a * (1 - a) + (p - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (p * n);
  const double half = z * std::sqrt(std::max(0.0, variance));
  out.value = a;
  out.interval = {std::max(0.0, a - half), std::min(1.0, a + half)};
  // At its ends the variance is 0, however few the files are. With only the fewer of them as
  // independent trials that all came out alike, Wilson's bound says what is left open.
  const std::uint64_t fewer = std::min(out.positives, out.negatives);
  if (a == 1) out.interval.low = wilson(fewer, fewer).low;
  if (a == 0) out.interval.high = wilson(0, fewer).high;
  return out;
}

}  // namespace aiot::bench
