#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <stop_token>
#include <utility>

#include "net/clock.hpp"

namespace aiot::net {

/// Runs one coroutine to its end on a loop of its own; `stop` cancels it. What blocks and is about
/// no batch of devices is made of it.
template <class T>
Result<T> run_alone(const std::function<Task<T>()>& work, std::stop_token stop) {
  asio::io_context loop(1);
  asio::cancellation_signal cancel;
  std::optional<Result<T>> outcome;
  asio::co_spawn(
      loop,
      [&]() -> asio::awaitable<void> {
        co_await asio::this_coro::throw_if_cancelled(false);
        Result<T> result = co_await work();
        outcome.emplace(std::move(result));
      },
      asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
      }));
  const std::stop_callback on_stop(std::move(stop), [&] {
    asio::post(loop, [&] { cancel.emit(asio::cancellation_type::terminal); });
  });
  loop.run();
  return *std::move(outcome);
}

}  // namespace aiot::net
