#include "job/flash/diff.hpp"

#include <algorithm>
#include <cmath>

namespace aiot::flash {
namespace {

constexpr std::uint32_t probe_count = 8;
constexpr std::uint32_t max_scan = 256;  // sectors: 1 MiB, below every loader's MD5 time-out

}  // namespace

DiffScan::DiffScan(std::uint32_t sectors, DiffCost cost)
    : states_(sectors, State::unknown), cost_(cost) {
  if (sectors <= 2 * probe_count) {
    // As cheap to ask about the whole as to probe it.
    phase_ = sectors == 0 ? Phase::done : Phase::scan;
    return;
  }
  for (std::uint32_t i = 0; i < probe_count; ++i) {
    probes_.push_back(static_cast<std::uint32_t>((2ULL * i + 1) * sectors / (2 * probe_count)));
  }
}

double DiffScan::change_rate() const { return (seen_changed_ + 0.5) / (seen_ + 1.0); }

std::uint32_t DiffScan::scan_size() const {
  // Expected time for each sector when scanned n at a time: its share of the command, the hash, and
  // if the range holds a change, about one more hash of the range and log2(n) commands.
  const double clean = 1 - change_rate();
  std::uint32_t best = 1;
  double best_time = 1e300;
  for (std::uint32_t n = 1; n <= max_scan; n *= 2) {
    const double dirty = 1 - std::pow(clean, n);
    const double closer = n == 1 ? 0 : cost_.hash_sector + cost_.command * (std::log2(n) / n);
    const double time = cost_.command / n + cost_.hash_sector + dirty * closer;
    if (time < best_time) {
      best_time = time;
      best = n;
    }
  }
  return best;
}

bool DiffScan::better_written(SectorRange range) const {
  if (range.count == 1) return true;
  const double n = range.count;
  const double look = n * cost_.hash_sector + std::ceil(std::log2(n)) * cost_.command;
  const double saved = n * (1 - change_rate()) * cost_.write_sector;
  return look >= saved;
}

void DiffScan::mark(SectorRange range, State state) {
  std::fill_n(states_.begin() + range.first, range.count, state);
  seen_ += range.count;
  if (state == State::changed) seen_changed_ += range.count;
}

std::optional<SectorRange> DiffScan::next() {
  if (asked_) return asked_->range;
  if (phase_ == Phase::probe) {
    if (probe_ < probes_.size()) {
      asked_ = Pending{{probes_[probe_], 1}, false, false};
      return asked_->range;
    }
    if (probes_equal_ == 0) {
      std::fill(states_.begin(), states_.end(), State::changed);
      phase_ = Phase::done;
      return std::nullopt;
    }
    phase_ = Phase::scan;
  }
  while (phase_ == Phase::scan) {
    if (!stack_.empty()) {
      const Pending top = stack_.back();
      stack_.pop_back();
      if (!top.differs) {
        asked_ = top;
        return asked_->range;
      }
      if (better_written(top.range)) {
        mark(top.range, State::changed);
        continue;
      }
      const std::uint32_t half = top.range.count / 2;
      stack_.push_back({{top.range.first + half, top.range.count - half}, false, false});
      asked_ = Pending{{top.range.first, half}, false, true};
      return asked_->range;
    }
    const auto total = static_cast<std::uint32_t>(states_.size());
    while (cursor_ < total && states_[cursor_] != State::unknown) ++cursor_;
    if (cursor_ == total) {
      phase_ = Phase::done;
      break;
    }
    const bool whole = probes_.empty() && cursor_ == 0;
    const std::uint32_t limit = whole ? total : scan_size();
    std::uint32_t count = 1;
    while (count < limit && cursor_ + count < total && states_[cursor_ + count] == State::unknown) {
      ++count;
    }
    asked_ = Pending{{cursor_, count}, false, false};
    cursor_ += count;
    return asked_->range;
  }
  return std::nullopt;
}

void DiffScan::answer(bool equal) {
  if (!asked_) return;
  const Pending asked = *asked_;
  asked_.reset();
  if (phase_ == Phase::probe) {
    ++probe_;
    if (equal) ++probes_equal_;
    mark(asked.range, equal ? State::equal : State::changed);
    return;
  }
  if (equal) {
    mark(asked.range, State::equal);
    // The pair differs and its left half does not: the right half does, unasked.
    if (asked.left_of_pair) stack_.back().differs = true;
    return;
  }
  stack_.push_back({asked.range, true, false});
}

std::vector<SectorRange> DiffScan::changed() const {
  std::vector<SectorRange> runs;
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    if (states_[i] == State::equal) continue;
    if (!runs.empty() && runs.back().first + runs.back().count == i) {
      ++runs.back().count;
    } else {
      runs.push_back({i, 1});
    }
  }
  return runs;
}

}  // namespace aiot::flash
