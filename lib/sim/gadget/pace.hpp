#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "net/clock.hpp"

namespace aiot::sim::gadget {

inline net::TimePoint now() { return net::steady_clock().now(); }

/// So many things a second, counted from when the rate was set; fast ones come in batches.
class Pace {
 public:
  static constexpr std::uint64_t max_rate = 1'000'000;  ///< a second; more is cut to it

  /// 0 a second: none at all.
  Pace(std::uint64_t rate_per_s, net::TimePoint now) { set_rate(rate_per_s, now); }
  void set_rate(std::uint64_t rate_per_s, net::TimePoint now);
  /// Counts from now on.
  void restart(net::TimePoint now) { set_rate(rate_per_s_, now); }

  /// How many are due since it was last asked.
  std::uint64_t take(net::TimePoint now);
  /// When the next is due, some milliseconds after the last batch; nullopt at rate 0.
  std::optional<net::TimePoint> next() const;

 private:
  std::uint64_t rate_per_s_ = 0;
  net::TimePoint since_;
  std::uint64_t taken_ = 0;  ///< since then
  net::TimePoint last_{};    ///< when some were last due
};

/// Sets the rate that a decimal number says; anything else changes nothing.
void set_rate(Pace& pace, std::string_view number, net::TimePoint now);

}  // namespace aiot::sim::gadget
