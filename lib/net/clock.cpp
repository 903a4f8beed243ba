#include "net/clock.hpp"

namespace aiot::net {
namespace {

class SteadyClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint::clock::now(); }

  Task<void> sleep_until(TimePoint when) override {
    if (co_await is_cancelled()) co_return make_error(Errc::cancelled);
    asio::steady_timer timer(co_await asio::this_coro::executor, when);
    const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error) co_return make_error(Errc::cancelled);
    co_return Result<void>();
  }
};

}  // namespace

Clock& steady_clock() {
  static SteadyClock clock;
  return clock;
}

}  // namespace aiot::net
