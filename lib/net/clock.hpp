#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "net/error.hpp"

namespace aiot::net {

namespace asio = boost::asio;

/// What every session returns: a coroutine that ends in a value or an error, never an exception.
template <class T>
using Task = asio::awaitable<Result<T>>;

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// Time, passed in: the machine's, or a virtual one that tests advance.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  /// Resumes at `when`. Fails only with Errc::cancelled.
  virtual Task<void> sleep_until(TimePoint when) = 0;

  Task<void> sleep_for(Duration time) { return sleep_until(now() + time); }
};

/// std::chrono::steady_clock, waited for with Asio timers.
Clock& steady_clock();

}  // namespace aiot::net
