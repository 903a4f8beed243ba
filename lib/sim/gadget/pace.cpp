#include "sim/gadget/pace.hpp"

#include <algorithm>
#include <charconv>

namespace aiot::sim::gadget {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr std::chrono::milliseconds batch{5};

}  // namespace

void Pace::set_rate(std::uint64_t rate_per_s, net::TimePoint now) {
  rate_per_s_ = std::min(rate_per_s, max_rate);
  since_ = now;
  taken_ = 0;
}

std::uint64_t Pace::take(net::TimePoint now) {
  const auto until =
      static_cast<std::uint64_t>(Seconds(now - since_).count() * static_cast<double>(rate_per_s_));
  if (taken_ >= until) return 0;
  last_ = now;
  return until - std::exchange(taken_, until);
}

std::optional<net::TimePoint> Pace::next() const {
  if (rate_per_s_ == 0) return std::nullopt;
  const Seconds until(static_cast<double>(taken_ + 1) / static_cast<double>(rate_per_s_));
  // A tick later than it is due, so that rounding does not wake it in vain.
  const net::TimePoint next =
      since_ + std::chrono::duration_cast<net::Duration>(until) + net::Duration(1);
  return std::max(next, last_ + batch);
}

void set_rate(Pace& pace, std::string_view number, net::TimePoint now) {
  std::uint64_t rate = 0;
  const char* last = number.data() + number.size();
  const auto [end, error] = std::from_chars(number.data(), last, rate);
  if (error == std::errc() && end == last) pace.set_rate(rate, now);
}

}  // namespace aiot::sim::gadget
