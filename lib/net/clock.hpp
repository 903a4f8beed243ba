#pragma once

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

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

/// True when this coroutine was cancelled.
inline asio::awaitable<bool> is_cancelled() {
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

/// Races one Asio operation against a deadline of the machine's clock; nothing else in the library
/// does. `start(handler)` begins it; `handler` takes Args...; `stop()` asks it to end early.
/// Gives what the operation gave, Errc::timed_out, or Errc::cancelled.
///
/// The coroutine waits for a timer alone, which the operation's handler cuts short: an operation
/// that ignores cancellation (a name look-up) cannot hold it beyond the deadline. The operation may
/// therefore end after this has returned, so all that it touches is held by `start` or its handler,
/// never by the caller's frame.
template <class... Args, class Start, class Stop>
Task<std::tuple<Args...>> by_deadline(TimePoint deadline, Start start, Stop stop) {
  struct Race {
    explicit Race(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    std::optional<std::tuple<Args...>> outcome;
  };
  // A cancellation that came before has been spent: it would not cut this wait short.
  if (co_await is_cancelled()) co_return make_error(Errc::cancelled);
  auto race = std::make_shared<Race>(co_await asio::this_coro::executor);
  race->timer.expires_at(deadline);
  start([race](Args... args) {
    race->outcome.emplace(std::move(args)...);
    race->timer.cancel();
  });
  while (!race->outcome) {
    const auto [error] = co_await race->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (race->outcome) break;
    if (co_await is_cancelled()) {
      stop();
      co_return make_error(Errc::cancelled);
    }
    if (!error) {
      stop();
      co_return make_error(Errc::timed_out);
    }
  }
  co_return *std::move(race->outcome);
}

/// What another try a moment later may mend: the other end is not there yet, or has just gone.
inline bool may_come_back(const Error& error) {
  return error.code == make_error_code(Errc::refused) ||
         error.code == make_error_code(Errc::not_found) ||
         error.code == make_error_code(Errc::link_lost);
}

/// Tries the whole of `attempt` (a callable that returns Task<void>) until it succeeds or there is
/// no time left for another try, with a pause between two. Gives what the last try said, which
/// tells more than that time ran out.
template <class Attempt>
Task<void> patiently(Clock& clock, TimePoint deadline, Attempt attempt) {
  constexpr std::chrono::milliseconds pause(100);
  for (;;) {
    Result<void> done = co_await attempt();
    if (done || !may_come_back(done.error()) || clock.now() + pause >= deadline) co_return done;
    Result<void> slept = co_await clock.sleep_for(pause);
    if (!slept) co_return slept;
  }
}

}  // namespace aiot::net
