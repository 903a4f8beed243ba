#pragma once

#include <functional>
#include <stop_token>
#include <utility>

#include "job/bench/statistics.hpp"

namespace aiot::bench {

/// What ends a benchmark before it is done: a stop, or the end of the time allowed. It is asked
/// between inferences, by any thread.
class Ending {
 public:
  /// A stop alone.
  Ending(std::stop_token stop) : stop_(std::move(stop)) {}  // NOLINT(google-explicit-constructor)
  /// And from `end` on, by the clock that `now` reads.
  Ending(std::stop_token stop, std::function<Nanoseconds()> now, Nanoseconds end)
      : stop_(std::move(stop)), now_(std::move(now)), end_(end) {}

  bool stopped() const { return stop_.stop_requested(); }
  bool out_of_time() const { return now_ && now_() >= end_; }
  bool due() const { return stopped() || out_of_time(); }

 private:
  std::stop_token stop_;
  std::function<Nanoseconds()> now_;
  Nanoseconds end_{0};
};

}  // namespace aiot::bench
