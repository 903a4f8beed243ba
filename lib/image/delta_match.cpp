#include "image/delta_match.hpp"

#include <algorithm>
#include <cstring>

#include "image/delta_suffix.hpp"

/// After C. Percival, "Naive differences of executable code" (2003): exact matches are anchors; the
/// space between two is split where the bytes agree best with those behind the first anchor and
/// before the second.
namespace aiot::image {
namespace {

using Position = std::int64_t;

struct Match {
  Position source = 0;
  Position length = 0;
};

/// Longer runs are found in pieces: a search costs so many comparisons at most, also where the
/// files have one byte a million times.
constexpr std::size_t most_compared = 4096;

Position common_length(ByteSpan a, ByteSpan b) {
  const auto end = std::min({a.size(), b.size(), most_compared});
  std::size_t i = 0;
  while (i + 8 <= end && std::memcmp(&a[i], &b[i], 8) == 0) i += 8;
  while (i < end && a[i] == b[i]) ++i;
  return static_cast<Position>(i);
}

class Finder {
 public:
  Finder(ByteSpan source, ByteSpan result)
      : source_(source), result_(result), suffixes_(sort_suffixes(source)) {}

  std::vector<DeltaCopy> run();

 private:
  Match longest(Position at) const;
  Position extent_forward(Position limit) const;
  Position extent_backward(Position scan, const Match& match) const;
  bool next_anchor(Position& scan, Match& match);
  void split(Position& scan, Match& match, bool at_end);
  bool agrees(Position source, Position result) const {
    return source >= 0 && source < static_cast<Position>(source_.size()) &&
           source_[source] == result_[result];
  }

  ByteSpan source_;
  ByteSpan result_;
  std::vector<std::int32_t> suffixes_;
  // The anchor before: where its run begins, and how far its source lies from its result.
  Position result_at_ = 0;
  Position source_at_ = 0;
  Position offset_ = 0;
  std::vector<DeltaCopy> copies_;
};

/// The longest run of the source that the result has at `at`.
Match Finder::longest(Position at) const {
  const auto wanted = result_.subspan(at);
  Match best;
  const auto consider = [&](std::size_t row) {
    const auto length = common_length(source_.subspan(suffixes_[row]), wanted);
    if (length > best.length) best = {suffixes_[row], length};
  };
  const auto below = [&](std::int32_t suffix, ByteSpan key) {
    const auto mine = source_.subspan(suffix);
    const auto same = static_cast<std::size_t>(common_length(mine, key));
    if (same == std::min(key.size(), most_compared)) return false;
    return same == mine.size() || mine[same] < key[same];
  };
  const auto row =
      std::lower_bound(suffixes_.begin(), suffixes_.end(), wanted, below) - suffixes_.begin();
  if (row < static_cast<Position>(suffixes_.size())) consider(row);
  if (row > 0) consider(row - 1);
  return best;
}

/// How far beyond the anchor before the bytes agree more often than not.
Position Finder::extent_forward(Position limit) const {
  Position good = 0, best = 0, extent = 0;
  for (Position i = 0;
       result_at_ + i < limit && source_at_ + i < static_cast<Position>(source_.size());) {
    good += agrees(source_at_ + i, result_at_ + i);
    ++i;
    if (good * 2 - i > best * 2 - extent) {
      best = good;
      extent = i;
    }
  }
  return extent;
}

Position Finder::extent_backward(Position scan, const Match& match) const {
  Position good = 0, best = 0, extent = 0;
  for (Position i = 1; scan - i >= result_at_ && match.source >= i; ++i) {
    good += agrees(match.source - i, scan - i);
    if (good * 2 - i > best * 2 - extent) {
      best = good;
      extent = i;
    }
  }
  return extent;
}

/// Goes on from `scan` to an anchor that explains 8 bytes more than the one before does. False
/// when there is none, and the result ends.
bool Finder::next_anchor(Position& scan, Match& match) {
  const auto end = static_cast<Position>(result_.size());
  for (;;) {
    scan += match.length;
    Position agreeing = 0;  // in what the match covers, with the source behind the anchor before
    for (Position counted = scan; scan < end; ++scan) {
      match = longest(scan);
      for (; counted < scan + match.length; ++counted)
        agreeing += agrees(counted + offset_, counted);
      if (match.length > agreeing + 8) return true;
      if (match.length == agreeing && match.length != 0) break;  // the same run goes on
      agreeing -= agrees(scan + offset_, scan);
    }
    if (scan >= end) return false;
  }
}

/// Ends the run of the anchor before ahead of the one at `scan`, which it moves back as far as
/// bytes agree.
void Finder::split(Position& scan, Match& match, bool at_end) {
  auto forward = extent_forward(scan);
  auto backward = at_end ? 0 : extent_backward(scan, match);
  const auto overlap = result_at_ + forward - (scan - backward);
  if (overlap > 0) {
    // Both want these bytes: split where they agree best.
    const auto from = scan - backward;
    Position score = 0, best = 0, mine = 0;
    for (Position i = 0; i < overlap; ++i) {
      score += agrees(source_at_ + (from - result_at_) + i, from + i);
      score -= agrees(match.source - backward + i, from + i);
      if (score > best) {
        best = score;
        mine = i + 1;
      }
    }
    forward += mine - overlap;
    backward -= mine;
  }
  if (forward > 0)
    copies_.push_back({static_cast<std::uint32_t>(source_at_),
                       static_cast<std::uint32_t>(result_at_),
                       static_cast<std::uint32_t>(forward)});
  result_at_ = scan - backward;
  source_at_ = match.source - backward;
  offset_ = match.source - scan;
}

std::vector<DeltaCopy> Finder::run() {
  Position scan = 0;
  Match match;
  while (next_anchor(scan, match)) split(scan, match, false);
  split(scan, match, true);
  return std::move(copies_);
}

}  // namespace

std::vector<DeltaCopy> find_copies(ByteSpan source, ByteSpan result) {
  if (source.empty() || result.empty()) return {};
  return Finder(source, result).run();
}

}  // namespace aiot::image
