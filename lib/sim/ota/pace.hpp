#pragma once

#include <algorithm>
#include <cstddef>

#include "net/clock.hpp"

namespace aiot::sim::ota {

/// How long a device's flash takes for what arrives: one piece after another.
class Pace {
 public:
  /// For each 4 KiB; 0: no time.
  explicit Pace(net::Duration block_time) : block_time_(block_time) {}

  /// When bytes that arrive now are written.
  net::TimePoint written(net::TimePoint now, std::size_t bytes) {
    busy_until_ = std::max(busy_until_, now) + block_time_ * bytes / 4096;
    return busy_until_;
  }

 private:
  net::Duration block_time_;
  net::TimePoint busy_until_{};
};

}  // namespace aiot::sim::ota
