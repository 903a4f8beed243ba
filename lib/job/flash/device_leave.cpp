#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>

#include "job/flash/device.hpp"
#include "protocol/esp/error.hpp"

// Leaving a device: as the session asks when all went well, as well as may be when not.
namespace aiot::flash {
namespace {

/// What cleaning up may take after a failure, and after the user has asked to stop.
constexpr std::chrono::seconds clean_up_time(3);

}  // namespace

net::Task<void> Device::put_back() {
  const bool run = context_.session().after == After::reset;
  Result<void> left = co_await loader_->leave(run);
  const bool cancelled = !left && left.error().condition() == Condition::cancelled;
  if (cancelled || (left && run)) co_return left;
  // It stays in its loader: whoever comes next speaks at the rate that it was found with.
  if (loader_->knows_chip() && loader_->baud_bps() != start_baud_ && loader_->can_change_baud()) {
    Result<void> slowed = co_await loader_->change_baud(start_baud_);
    if (!slowed && left) left = std::move(slowed);
  }
  co_return left;
}

net::Task<void> Device::leave(bool asked_for) {
  context_.step("reset", 0.2);
  left_ = true;
  Result<void> left = co_await put_back();
  if (left || left.error().condition() == Condition::cancelled) co_return left;
  // A link without lines cannot reset, which is no news where no new firmware waits to be started,
  // nor on a pty, which has no chip behind it that anybody could reset by hand.
  const bool expected = !asked_for &&
                        left.error().code == make_error_code(esp::Errc::cannot_reset) &&
                        (!changed_ || link_->info().kind == "pty");
  if (expected) {
    context_.log(event::Level::info, "the device stays in its loader: " + left.error().message());
  } else {
    context_.notice("flash.not_reset", "the device stays in its loader: " + left.error().message(),
                    "press its reset button, or take its power away and give it back");
  }
  co_return Result<void>();
}

net::asio::awaitable<void> Device::abandon() {
  if (!loader_ || left_ || gone_) co_return;
  left_ = true;
  co_await net::asio::this_coro::reset_cancellation_state(
      net::asio::enable_terminal_cancellation());
  loader_->set_limit(context_.clock().now() + clean_up_time);
  Result<void> left;
  // Without lines it takes a loader that listens.
  if (!link_->info().has_lines) left = co_await loader_->resync();
  if (left) left = co_await put_back();
  if (left || left.error().code == make_error_code(esp::Errc::cannot_reset)) co_return;
  context_.notice("flash.left_in_loader",
                  fmt::format("the device may be left in its loader, at {} baud: {}",
                              loader_->baud_bps(), left.error().message()),
                  "press its reset button, or take its power away and give it back");
}

}  // namespace aiot::flash
