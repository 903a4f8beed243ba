#include "support/virtual_clock.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "aiot/units.hpp"
#include "net/clock.hpp"

namespace aiot::net {
namespace {

/// How long, for real, work outside the loop may take before the run is given up.
constexpr std::chrono::seconds hold_limit{60};

/// Takes a waiter off its lists however its coroutine ends. It holds the lists: a context that is
/// destroyed after the clock or the link destroys the coroutines that wait on them.
class Waiting {
 public:
  using Queue = std::multimap<TimePoint, asio::steady_timer*>;
  using List = std::vector<asio::steady_timer*>;

  Waiting(std::shared_ptr<Queue> queue, std::shared_ptr<List> list, TimePoint when,
          asio::steady_timer& timer)
      : queue_(std::move(queue)), list_(std::move(list)), timer_(&timer) {
    if (when != TimePoint::max()) queue_->emplace(when, timer_);
    list_->push_back(timer_);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() {
    std::erase(*list_, timer_);
    std::erase_if(*queue_, [this](const auto& entry) { return entry.second == timer_; });
  }

 private:
  std::shared_ptr<Queue> queue_;
  std::shared_ptr<List> list_;
  asio::steady_timer* timer_;
};

}  // namespace

void VirtualClock::Wake::notify() {
  for (asio::steady_timer* timer : *waiting_) timer->cancel();
}

Task<void> VirtualClock::sleep_until(TimePoint when) {
  Wake never;
  while (now_ < when) {
    Result<void> waited = co_await wait(when, never);
    AIOT_CO_CHECK(std::move(waited));
  }
  co_return Result<void>();
}

std::shared_ptr<void> VirtualClock::hold() { return holds_; }

Task<void> VirtualClock::wait(TimePoint when, Wake& wake) {
  if (co_await is_cancelled()) co_return make_error(Errc::cancelled);
  if (when <= now_) co_return Result<void>();
  // The timer never fires by itself: being cancelled is how it is woken.
  asio::steady_timer timer(co_await asio::this_coro::executor, TimePoint::max());
  const Waiting waiting(waiters_, wake.waiting_, when, timer);
  [[maybe_unused]] const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (co_await is_cancelled()) co_return make_error(Errc::cancelled);
  co_return Result<void>();
}

Result<void> VirtualClock::run_until(asio::io_context& context, const std::function<bool()>& done) {
  while (true) {
    context.restart();
    const auto ran = context.poll();
    if (done()) return {};
    if (ran != 0) continue;
    if (holds_.use_count() > 1) {
      context.restart();
      if (context.run_one_for(hold_limit) == 0 && !done()) {
        return make_error(Errc::script, "work outside the loop has not ended in a minute");
      }
      continue;
    }
    if (waiters_->empty()) {
      return make_error(Errc::script, fmt::format("stalled after {} of virtual time: nothing runs "
                                                  "and nobody waits for a time",
                                                  format_duration(elapsed())));
    }
    const auto first = waiters_->begin();
    now_ = std::max(now_, first->first);
    if (elapsed() > limit_) {
      return make_error(Errc::script,
                        fmt::format("not done after {} of virtual time", format_duration(limit_)));
    }
    asio::steady_timer* timer = first->second;
    waiters_->erase(first);
    timer->cancel();
  }
}

}  // namespace aiot::net
