#pragma once

#include <deque>
#include <memory>
#include <string>

#include "net/link.hpp"

namespace aiot::power {

/// Lines of a monitor's, as they arrive. One that does not end within `most_chars` is dropped.
class LineStream {
 public:
  static constexpr std::size_t most_chars = 4096;

  explicit LineStream(net::Link& link) : link_(link) {}

  /// The next line, not empty; net::Errc::timed_out at the deadline.
  net::Task<std::string> next(net::TimePoint deadline);
  void clear();
  /// When the last line had arrived.
  net::TimePoint arrived() const { return arrived_; }

 private:
  net::Link& link_;
  std::deque<std::string> lines_;
  std::string tail_;
  bool overlong_ = false;
  net::TimePoint arrived_;
};

}  // namespace aiot::power
