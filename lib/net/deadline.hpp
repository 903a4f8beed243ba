#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "net/clock.hpp"

namespace aiot::net {

/// True when whoever runs this coroutine has cancelled it.
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

}  // namespace aiot::net
