#include "protocol/ble/key_guard.hpp"

#include <algorithm>

namespace aiot::ble {
namespace {

constexpr std::uint32_t restart_below = 100;

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

Security KeyGuard::on_sealed(bool opened, std::uint32_t counter, unsigned bits, ByteSpan content) {
  // Only what the key has vouched for moves the counter: anyone can send a high one.
  if (!opened) return Security::wrong_key;
  Security verdict = Security::opened;
  if (last_ && counter == *last_) {
    if (std::ranges::equal(content, content_)) return Security::opened;
    verdict = Security::replayed;
  } else if (last_ && counter < *last_) {
    verdict = is_wrap(*last_, counter, bits) ? Security::wrapped
              : counter < restart_below      ? Security::restarted
                                             : Security::replayed;
  }
  if (verdict != Security::replayed) {
    last_ = counter;
    content_.assign(content.begin(), content.end());
  }
  return verdict;
}

}  // namespace aiot::ble
