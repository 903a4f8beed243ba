#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "net/clock.hpp"

namespace aiot::net {

/// Time that stands still until nothing else can run, and then jumps to whoever waits first: an
/// hour of a protocol's time-outs passes in microseconds, and always in the same order.
/// For one thread, the one that runs its io_context; it outlives everything that waits on it.
class VirtualClock final : public Clock {
 public:
  /// Lets waiters be woken before their time, by whatever they wait for.
  class Wake {
   public:
    void notify();

   private:
    friend class VirtualClock;
    std::shared_ptr<std::vector<asio::steady_timer*>> waiting_ =
        std::make_shared<std::vector<asio::steady_timer*>>();
  };

  TimePoint now() const override { return now_; }
  Task<void> sleep_until(TimePoint when) override;
  /// Time stands still while the returned object lives; run_until() waits for real meanwhile.
  std::shared_ptr<void> hold() override;

  /// Resumes at `when`, or as soon as `wake` is notified. Fails only with Errc::cancelled.
  /// TimePoint::max() waits for the notification alone.
  Task<void> wait(TimePoint when, Wake& wake);

  /// Virtual time since the clock was made.
  Duration elapsed() const { return now_ - start; }
  /// A run that goes on beyond this, in virtual time since the clock was made, ends with
  /// Errc::script. 1000 hours unless set.
  void set_limit(Duration limit) { limit_ = limit; }

  /// Runs `context` until `done()`; advances time to the earliest waiter whenever nothing is
  /// runnable. Errc::script when nobody waits any more and it is still not done, which on a real
  /// clock would hang for ever.
  Result<void> run_until(asio::io_context& context, const std::function<bool()>& done);

  /// Runs one session to its end: a callable that returns Task<T>, kept alive meanwhile.
  ///
  ///     Result<Chip> chip = clock.run(context, [&] { return detect_chip(link); });
  template <class Session>
  auto run(asio::io_context& context, Session session) -> typename decltype(session())::value_type {
    using R = typename decltype(session())::value_type;
    struct Outcome {
      std::optional<R> value;
      std::exception_ptr thrown;
      bool done = false;
    };
    auto outcome = std::make_shared<Outcome>();
    asio::co_spawn(
        context,
        [outcome, session = std::move(session)]() mutable -> asio::awaitable<void> {
          co_await asio::this_coro::throw_if_cancelled(false);
          R result = co_await session();
          outcome->value.emplace(std::move(result));
        },
        [outcome](std::exception_ptr thrown) {
          outcome->thrown = std::move(thrown);
          outcome->done = true;
        });
    Result<void> ran = run_until(context, [outcome] { return outcome->done; });
    if (!ran) return std::move(ran).error();
    if (outcome->thrown) std::rethrow_exception(outcome->thrown);
    return std::move(*outcome->value);
  }

 private:
  static constexpr TimePoint start{std::chrono::hours(1)};

  TimePoint now_ = start;
  Duration limit_ = std::chrono::hours(1000);
  // Whoever waits, in the order of time and then of arrival.
  std::shared_ptr<std::multimap<TimePoint, asio::steady_timer*>> waiters_ =
      std::make_shared<std::multimap<TimePoint, asio::steady_timer*>>();
  std::shared_ptr<int> holds_ = std::make_shared<int>(0);
};

}  // namespace aiot::net
