#include <doctest/doctest.h>

#include "support/memory_link.hpp"
#include "protocol/power/lpm01a.hpp"
#include "protocol/power/lpm01a_device.hpp"
#include "show.hpp"

using namespace aiot;
using namespace aiot::power;
using namespace std::chrono_literals;

TEST_CASE("an LPM01A and its virtual other side agree on the energy between two edges") {
  net::asio::io_context context;
  net::VirtualClock clock;
  lpm01a::VirtualMonitor device(0.010);
  auto link = std::make_unique<net::MemoryLink>(clock, device, lpm01a::baud_bps);
  lpm01a::Lpm01a monitor(std::move(link));
  Recorder recorder(1000);
  bool streamed = false;
  Result<void> stream_end;
  const auto done = clock.run(context, [&]() -> net::Task<void> {
    Supply supply;
    Result<MonitorInfo> info = co_await monitor.prepare(std::move(supply));
    if (!info) co_return std::move(info).error();
    CHECK(device.target_powered());
    Result<void> started = co_await monitor.start();
    if (!started) co_return started;
    const net::TimePoint begin = clock.now() + 200ms;
    device.on_mark(begin);
    device.on_work(begin, begin + 2s, 0.050);
    device.on_mark(begin + 2s);
    net::asio::co_spawn(
        context, [&] { return monitor.stream(recorder); },
        [&](std::exception_ptr, Result<void> result) {
          streamed = true;
          stream_end = std::move(result);
        });
    Result<void> waited = co_await clock.sleep_for(4s);
    if (!waited) co_return waited;
    Result<void> stopped = co_await monitor.stop();
    if (!stopped) co_return stopped;
    waited = co_await clock.sleep_for(100ms);
    if (!waited) co_return waited;
    CHECK(streamed);
    CHECK(stream_end);
    Result<void> released = co_await monitor.release();
    co_return released;
  });
  REQUIRE_MESSAGE(done, done.error().message());
  CHECK(!device.controlled());
  CHECK(!device.target_powered());
  REQUIRE(recorder.edges().size() == 2);
  const Stretch stretch = between(recorder.edges()[0], recorder.edges()[1]);
  CHECK(stretch.seconds == doctest::Approx(2.0).epsilon(0.001));
  CHECK(stretch.joules == doctest::Approx(0.100).epsilon(0.001));
  CHECK(recorder.lost_samples() == 0);
}

TEST_CASE("samples that the monitor loses are noticed") {
  net::asio::io_context context;
  net::VirtualClock clock;
  lpm01a::VirtualMonitor device(0.010);
  auto link = std::make_unique<net::MemoryLink>(clock, device, lpm01a::baud_bps);
  lpm01a::Lpm01a monitor(std::move(link));
  Recorder recorder(1000);
  const auto done = clock.run(context, [&]() -> net::Task<void> {
    Supply supply;
    Result<MonitorInfo> info = co_await monitor.prepare(std::move(supply));
    if (!info) co_return std::move(info).error();
    Result<void> started = co_await monitor.start();
    if (!started) co_return started;
    net::asio::co_spawn(
        context, [&] { return monitor.stream(recorder); },
        [](std::exception_ptr, Result<void> result) { CHECK(result); });
    Result<void> waited = co_await clock.sleep_for(1500ms);
    if (!waited) co_return waited;
    device.lose_samples(37);
    waited = co_await clock.sleep_for(1s);
    if (!waited) co_return waited;
    Result<void> stopped = co_await monitor.stop();
    if (!stopped) co_return stopped;
    waited = co_await clock.sleep_for(100ms);
    co_return waited;
  });
  REQUIRE_MESSAGE(done, done.error().message());
  CHECK(recorder.lost_samples() == 37);
}
