#include "job/bench/device/power.hpp"

#include <fmt/format.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>

namespace aiot::bench {
namespace {

using namespace std::chrono_literals;
namespace asio = net::asio;

/// The stream is a coroutine of its own: this one looks for what it has brought so often.
constexpr auto look_every = 10ms;
/// An edge is 20 ms on its way at most, where a monitor hands over packets.
constexpr auto edge_patience = 5s;
constexpr auto end_patience = 6s;

}  // namespace

net::Task<power::MonitorInfo> PowerFeed::prepare() {
  feed_ = std::make_shared<Feed>(request_.samples_per_s);
  net::OpenOptions options;
  options.baud_bps = power::baud_of(request_.kind);
  Address address = *request_.address;
  Result<std::unique_ptr<net::Link>> link =
      co_await environment_.open(std::move(address), std::move(options));
  if (!link) co_return std::move(link).error().with("opening the power monitor");
  feed_->monitor = power::make_monitor(request_.kind, *std::move(link));
  power::Supply supply;
  supply.millivolts = request_.millivolts;
  supply.samples_per_s = request_.samples_per_s;
  supply.power_cycle = request_.power_cycle;
  supply.calibrate = request_.calibrate;
  Result<power::MonitorInfo> info = co_await feed_->monitor->prepare(std::move(supply));
  co_return info;
}

net::Task<void> PowerFeed::start() {
  Result<void> started = co_await feed_->monitor->start();
  if (!started) co_return started;
  feed_->streaming = true;
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto stream = [feed = feed_]() -> asio::awaitable<void> {
    co_await asio::this_coro::throw_if_cancelled(false);
    Result<void> done = co_await feed->monitor->stream(feed->recorder);
    if (!done) feed->failure = std::move(done).error();
    feed->streaming = false;
  };
  asio::co_spawn(executor, std::move(stream),
                 asio::bind_cancellation_slot(feed_->cancel.slot(), [](std::exception_ptr thrown) {
                   if (thrown) std::rethrow_exception(thrown);
                 }));
  co_return Result<void>();
}

net::Task<void> PowerFeed::wait_while(std::function<bool()> waiting, net::TimePoint deadline) {
  while (waiting() && feed_->streaming && environment_.clock->now() < deadline) {
    Result<void> slept = co_await environment_.clock->sleep_for(look_every);
    if (!slept) co_return slept;
  }
  if (feed_->failure) co_return *feed_->failure;
  co_return Result<void>();
}

net::Task<void> PowerFeed::await_edges(std::uint64_t count) {
  std::function<bool()> waiting = [feed = feed_, count] {
    return feed->recorder.edge_count() < count;
  };
  const net::TimePoint deadline = environment_.clock->now() + edge_patience;
  Result<void> waited = co_await wait_while(std::move(waiting), deadline);
  if (!waited) co_return waited;
  const std::uint64_t came = feed_->recorder.edge_count();
  if (came >= count) co_return Result<void>();
  co_return make_error(power::Errc::no_edges, fmt::format("{} of {} edges came", came, count),
                       "connect the device's timestamp pin with the monitor's D7");
}

net::Task<void> PowerFeed::await_time(net::TimePoint when) {
  std::function<bool()> waiting = [feed = feed_, when] { return !feed->recorder.at(when); };
  const net::TimePoint deadline = environment_.clock->now() + edge_patience;
  Result<void> waited = co_await wait_while(std::move(waiting), deadline);
  co_return waited;
}

net::Task<void> PowerFeed::finish() {
  if (!feed_ || !feed_->monitor || finished_) co_return Result<void>();
  finished_ = true;
  if (feed_->streaming) {
    Result<void> stopped = co_await feed_->monitor->stop();
    const net::TimePoint deadline = environment_.clock->now() + end_patience;
    while (stopped && feed_->streaming && environment_.clock->now() < deadline) {
      Result<void> slept = co_await environment_.clock->sleep_for(look_every);
      if (!slept) break;
    }
    if (feed_->streaming) feed_->cancel.emit(asio::cancellation_type::terminal);
    // Its coroutine reads the same link: it has to be gone before somebody else does.
    for (int i = 0; i < 100 && feed_->streaming; ++i) {
      Result<void> slept = co_await environment_.clock->sleep_for(look_every);
      if (!slept) break;
    }
  }
  Result<void> released = co_await feed_->monitor->release();
  co_return released;
}

}  // namespace aiot::bench
