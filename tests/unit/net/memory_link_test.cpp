#include "support/memory_link.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "show.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;

namespace {

/// Echoes every byte 10 ms later, goes off the bus for a second when it gets a 0xFF.
class Echo final : public DeviceEngine {
 public:
  void on_bytes(TimePoint now, ByteSpan bytes) override {
    for (std::uint8_t byte : bytes) {
      if (byte == 0xFF) {
        back_ = now + 1s;
        coming_.clear();
      } else if (!back_) {
        coming_.emplace_back(now + 10ms, byte);
      }
    }
    sent_ = now + 4ms;
  }
  void on_lines(TimePoint now, bool dtr, bool rts) override {
    log.push_back(std::to_string((now - TimePoint{} - 1h) / 1ms) + (dtr ? " D" : " d") +
                  (rts ? "R" : "r"));
  }
  void on_host_baud(TimePoint, std::uint32_t baud_bps) override { bauds.push_back(baud_bps); }
  std::optional<TimePoint> next_timer() const override {
    if (back_) return back_;
    if (!coming_.empty()) return coming_.front().first;
    return std::nullopt;
  }
  void on_timer(TimePoint now) override {
    timers.push_back(now);
    if (back_ && *back_ <= now) back_.reset();
    while (!coming_.empty() && coming_.front().first <= now) {
      arrived_.push_back(coming_.front().second);
      coming_.erase(coming_.begin());
    }
  }
  Bytes take_output(TimePoint) override { return std::exchange(arrived_, {}); }
  TimePoint host_sent() const override { return sent_; }
  bool link_up() const override { return !back_; }

  std::vector<std::string> log;
  std::vector<std::uint32_t> bauds;
  std::vector<TimePoint> timers;

 private:
  std::vector<std::pair<TimePoint, std::uint8_t>> coming_;
  Bytes arrived_;
  std::optional<TimePoint> back_;
  TimePoint sent_{};
};

struct Fixture {
  asio::io_context context;
  VirtualClock clock;
  Echo device;
  MemoryLink link{clock, device};

  Result<Bytes> exchange(Bytes request, Duration patience) {
    return clock.run(context, [&]() -> Task<Bytes> {
      Result<void> written = co_await link.write(request, clock.now() + patience);
      AIOT_CO_CHECK(std::move(written));
      Bytes answer(16);
      Result<std::size_t> count = co_await link.read_some(answer, clock.now() + patience);
      AIOT_CO_CHECK(std::move(count));
      answer.resize(*count);
      co_return answer;
    });
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "what the device says arrives when it says so") {
  Result<Bytes> answer = exchange({1, 2, 3}, 1s);
  REQUIRE(answer);
  CHECK(*answer == Bytes{1, 2, 3});
  CHECK(clock.elapsed() == 10ms);
}

TEST_CASE_FIXTURE(Fixture, "a read ends at its deadline when nothing comes") {
  Result<Bytes> answer = exchange({1}, 9ms);
  REQUIRE(!answer);
  CHECK(answer.error().code == Errc::timed_out);
  CHECK(clock.elapsed() == 9ms);
}

TEST_CASE_FIXTURE(Fixture, "the device's events have their own times also while the host sleeps") {
  Result<Bytes> answer = clock.run(context, [&]() -> Task<Bytes> {
    const Bytes one = {1};
    Result<void> written = co_await link.write(one, TimePoint::max());
    AIOT_CO_CHECK(std::move(written));
    Result<void> slept = co_await clock.sleep_for(1h);
    AIOT_CO_CHECK(std::move(slept));
    Bytes buffer(4);
    Result<std::size_t> count = co_await link.read_some(buffer, clock.now() + 1ms);
    AIOT_CO_CHECK(std::move(count));
    buffer.resize(*count);
    co_return buffer;
  });
  REQUIRE(answer);
  CHECK(*answer == Bytes{1});
  REQUIRE(device.timers.size() == 1);
  CHECK(device.timers[0] == clock.now() - 1h + 10ms);
}

TEST_CASE_FIXTURE(Fixture, "a device off the bus is a lost link until it is opened again") {
  Result<Bytes> answer = exchange({0xFF}, 1s);
  REQUIRE(!answer);
  CHECK(answer.error().code == Errc::link_lost);
  Result<void> early = clock.run(context, [&] { return link.reopen(clock.now() + 400ms); });
  REQUIRE(!early);
  CHECK(early.error().code == Errc::timed_out);
  CHECK(clock.elapsed() == 400ms);
  CHECK(clock.run(context, [&] { return link.reopen(clock.now() + 10s); }));
  CHECK(clock.elapsed() == 1s);
  CHECK(exchange({5}, 1s));
}

TEST_CASE_FIXTURE(Fixture, "lines keep their hold times, rates and draining reach the device") {
  Result<void> done = clock.run(context, [&]() -> Task<void> {
    const std::vector<LineStep> steps = {
        {false, true, 100ms}, {true, false, 50ms}, {false, {}, 0ms}};
    Result<void> lined = co_await link.set_lines(steps);
    AIOT_CO_CHECK(std::move(lined));
    const Bytes one = {1};
    Result<void> written = co_await link.write(one, TimePoint::max());
    AIOT_CO_CHECK(std::move(written));
    Result<void> drained = co_await link.drain(clock.now() + 1s);
    AIOT_CO_CHECK(std::move(drained));
    Result<void> set = co_await link.set_baud(2000000);
    co_return set;
  });
  CHECK(done);
  CHECK(device.log == std::vector<std::string>{"0 dR", "100 Dr", "150 dr"});
  CHECK(device.bauds == std::vector<std::uint32_t>{115200, 2000000});
  CHECK(clock.elapsed() == 154ms);
}
