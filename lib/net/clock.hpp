#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>

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

  /// Keep the returned object while work runs outside the loop (a thread pool): a virtual clock
  /// stands still meanwhile, the machine's does not care and returns nullptr.
  virtual std::shared_ptr<void> hold() { return nullptr; }
};

/// std::chrono::steady_clock, waited for with Asio timers.
Clock& steady_clock();

}  // namespace aiot::net
