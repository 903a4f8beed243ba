#include "support/virtual_clock.hpp"

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <thread>

#include "show.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;

TEST_CASE("a sleep ends at its time, and takes none for real") {
  asio::io_context context;
  VirtualClock clock;
  const auto before = std::chrono::steady_clock::now();
  Result<int> result = clock.run(context, [&]() -> Task<int> {
    Result<void> slept = co_await clock.sleep_for(100h);
    AIOT_CO_CHECK(std::move(slept));
    co_return 7;
  });
  REQUIRE(result);
  CHECK(*result == 7);
  CHECK(clock.elapsed() == 100h);
  CHECK(std::chrono::steady_clock::now() - before < 100h);
}

TEST_CASE("sleepers wake in the order of time, then of arrival") {
  asio::io_context context;
  VirtualClock clock;
  std::string order;
  const auto sleeper = [&](char name, Duration time) {
    asio::co_spawn(
        context,
        [&clock, &order, name, time]() -> asio::awaitable<void> {
          Result<void> slept = co_await clock.sleep_for(time);
          if (slept) order += name;
        },
        [](std::exception_ptr) {});
  };
  sleeper('c', 3s);
  sleeper('a', 1s);
  sleeper('b', 1s);
  REQUIRE(clock.run_until(context, [&] { return order.size() == 3; }));
  CHECK(order == "abc");
  CHECK(clock.elapsed() == 3s);
}

TEST_CASE("a session that nothing will ever wake is an error, not a hang") {
  asio::io_context context;
  VirtualClock clock;
  VirtualClock::Wake wake;
  Result<void> result = clock.run(context, [&]() -> Task<void> {
    Result<void> waited = co_await clock.wait(TimePoint::max(), wake);
    co_return waited;
  });
  REQUIRE(!result);
  CHECK(result.error().code == Errc::script);
  CHECK(result.error().message().find("stalled") != std::string::npos);
}

TEST_CASE("a session that never ends is stopped at the limit") {
  asio::io_context context;
  VirtualClock clock;
  clock.set_limit(1h);
  Result<void> result = clock.run(context, [&]() -> Task<void> {
    while (true) {
      Result<void> slept = co_await clock.sleep_for(1s);
      AIOT_CO_CHECK(std::move(slept));
    }
  });
  REQUIRE(!result);
  CHECK(result.error().code == Errc::script);
}

TEST_CASE("notify wakes before the time") {
  asio::io_context context;
  VirtualClock clock;
  VirtualClock::Wake wake;
  asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        Result<void> slept = co_await clock.sleep_for(2s);
        CHECK(slept);
        wake.notify();
      },
      [](std::exception_ptr) {});
  Result<void> result = clock.run(context, [&]() -> Task<void> {
    Result<void> waited = co_await clock.wait(clock.now() + 1h, wake);
    co_return waited;
  });
  CHECK(result);
  CHECK(clock.elapsed() == 2s);
}

TEST_CASE("a cancelled session's sleep says so, and a later one does not begin") {
  asio::io_context context;
  VirtualClock clock;
  asio::cancellation_signal signal;
  std::vector<boost::system::error_code> seen;
  bool done = false;
  asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        co_await asio::this_coro::throw_if_cancelled(false);
        for (int i = 0; i < 2; ++i) {
          Result<void> slept = co_await clock.sleep_for(1h);
          seen.push_back(slept ? boost::system::error_code() : slept.error().code);
        }
      },
      asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { done = true; }));
  asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        Result<void> slept = co_await clock.sleep_for(5s);
        CHECK(slept);
        signal.emit(asio::cancellation_type::all);
      },
      [](std::exception_ptr) {});
  REQUIRE(clock.run_until(context, [&] { return done; }));
  REQUIRE(seen.size() == 2);
  CHECK(seen[0] == Errc::cancelled);
  CHECK(seen[1] == Errc::cancelled);
  CHECK(clock.elapsed() == 5s);
}

TEST_CASE("time stands still while work outside the loop is held") {
  asio::io_context context;
  VirtualClock clock;
  bool worked = false;
  std::thread worker;
  auto held = clock.hold();
  worker = std::thread([&] {
    asio::post(context, [&] {
      worked = true;
      held.reset();
    });
  });
  Result<void> result = clock.run(context, [&]() -> Task<void> {
    Result<void> slept = co_await clock.sleep_for(1s);
    CHECK(worked);
    co_return slept;
  });
  worker.join();
  CHECK(result);
}
