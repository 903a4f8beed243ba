#include "protocol/ble/key_guard.hpp"

#include <algorithm>

namespace aiot::ble {
namespace {

constexpr std::uint32_t restart_below = 100;
/// Adverts that are not heard leave gaps between those of one device.
constexpr std::uint32_t small_step = 16;
constexpr int convincing_run = 3;

/// From the last sixteenth of the counter's range to the first. A counter of one byte is round
/// again within minutes, and many of its adverts are not heard: it is ahead by up to half its range
/// (RFC 1982).
bool is_wrap(std::uint32_t from, std::uint32_t to, unsigned bits) {
  const std::uint64_t range = std::uint64_t{1} << bits;
  if (bits <= 8) return ((to - from) & (range - 1)) < range / 2;
  return from >= range - range / 16 && to < range / 16;
}

}  // namespace

std::string_view security_text(Security security) {
  switch (security) {
    case Security::plain: return "plain";
    case Security::needs_key: return "needs key";
    case Security::wrong_key: return "wrong key";
    case Security::opened: return "opened";
    case Security::unverified: return "unverified";
    case Security::wrapped: return "counter wrapped";
    case Security::restarted: return "counter restarted";
    case Security::replayed: return "replayed";
    case Security::downgraded: return "downgraded";
  }
  return "";
}

bool is_trusted(Security security) {
  switch (security) {
    case Security::plain:
    case Security::opened:
    case Security::unverified:
    case Security::wrapped:
    case Security::restarted: return true;
    default: return false;
  }
}

Security KeyGuard::judge(std::uint32_t counter, unsigned bits, ByteSpan content,
                         Security when_ahead) const {
  if (!last_ || counter > *last_) return when_ahead;
  if (counter == *last_) {
    return std::ranges::equal(content, content_) ? when_ahead : Security::replayed;
  }
  if (is_wrap(*last_, counter, bits)) return Security::wrapped;
  return counter < restart_below ? Security::restarted : Security::replayed;
}

void KeyGuard::move(std::uint32_t counter, ByteSpan content) {
  last_ = counter;
  content_.assign(content.begin(), content.end());
  behind_.reset();
  behind_run_ = 0;
}

Security KeyGuard::on_sealed(bool opened, std::uint32_t counter, unsigned bits, ByteSpan content) {
  // Only what the key has vouched for moves the counter: anyone can send a high one.
  if (!opened) return Security::wrong_key;
  const Security verdict = judge(counter, bits, content, Security::opened);
  if (verdict != Security::replayed) move(counter, content);
  return verdict;
}

Security KeyGuard::on_untagged(std::uint32_t counter, unsigned bits, ByteSpan content) {
  Security verdict = judge(counter, bits, content, Security::unverified);
  if (verdict == Security::replayed) {
    const bool counts_up = behind_ && counter > *behind_ && counter - *behind_ <= small_step;
    if (!behind_ || counter != *behind_) behind_run_ = counts_up ? behind_run_ + 1 : 1;
    behind_ = counter;
    if (behind_run_ < convincing_run) return verdict;
    verdict = Security::restarted;
  }
  move(counter, content);
  return verdict;
}

}  // namespace aiot::ble
