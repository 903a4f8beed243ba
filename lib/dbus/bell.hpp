#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "net/clock.hpp"

namespace aiot::dbus {

/// Wakes one coroutine that waits for what a signal says.
class Bell {
 public:
  void ring() {
    if (const auto waits = std::exchange(waiter_, nullptr)) {
      waits();
    } else {
      rung_ = true;
    }
  }

  /// Until ring() is called; at once when it was since the last time. Errc::timed_out, cancelled.
  static net::Task<void> wait(std::shared_ptr<Bell> bell, net::TimePoint deadline) {
    if (std::exchange(bell->rung_, false)) co_return Result<void>();
    auto start = [bell](auto handler) {
      auto held = std::make_shared<decltype(handler)>(std::move(handler));
      bell->waiter_ = [held] { (*held)(); };
    };
    auto stop = [bell] { bell->waiter_ = nullptr; };
    auto rung = co_await net::by_deadline<>(deadline, start, stop);
    if (!rung) co_return std::move(rung).error();
    co_return Result<void>();
  }

 private:
  bool rung_ = false;
  std::function<void()> waiter_;
};

}  // namespace aiot::dbus
