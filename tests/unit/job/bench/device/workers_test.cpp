#include "job/bench/device/compare.hpp"

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <future>
#include <mutex>
#include <thread>

#include "aiot/sim.hpp"
#include "job/bench/device/error.hpp"
#include "job/bench/device/run.hpp"
#include "virtual_lab.hpp"

using namespace aiot;
using namespace aiot::bench;
using namespace aiot::bench::test;
using namespace std::chrono_literals;

namespace asio = net::asio;

namespace {

/// Far longer than any of this takes: what waits so long waits for good.
constexpr auto for_good = 60s;

/// Something that is waited for from other threads.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    if (!open_) opened_.set_value();
    open_ = true;
  }
  /// False when it stays closed for good.
  bool pass() { return opened_future_.wait_for(for_good) == std::future_status::ready; }

 private:
  std::mutex mutex_;
  bool open_ = false;
  std::promise<void> opened_;
  std::shared_future<void> opened_future_ = opened_.get_future().share();
};

/// An engine whose first inference does not end before a gate is open.
class SlowEngine final : public inference::Engine {
 public:
  SlowEngine(std::unique_ptr<inference::Engine> engine, Gate& gate, std::atomic<bool>& stuck)
      : engine_(std::move(engine)), gate_(gate), stuck_(stuck) {}
  std::string name() const override { return "slow"; }
  const std::vector<inference::TensorInfo>& inputs() const override { return engine_->inputs(); }
  const std::vector<inference::TensorInfo>& outputs() const override { return engine_->outputs(); }
  std::span<std::uint8_t> input(std::size_t index) override { return engine_->input(index); }
  ByteSpan output(std::size_t index) const override { return engine_->output(index); }
  Result<void> invoke() override {
    if (!gate_.pass()) stuck_ = true;
    return engine_->invoke();
  }
  const std::vector<inference::OperatorInfo>& operators() const override {
    return engine_->operators();
  }
  Result<void> invoke_timed(std::span<std::chrono::nanoseconds> times) override {
    return engine_->invoke_timed(times);
  }
  inference::MemoryUse memory() const override { return engine_->memory(); }

 private:
  std::unique_ptr<inference::Engine> engine_;
  Gate& gate_;
  std::atomic<bool>& stuck_;
};

/// Two devices under test on TCP ports of this machine, on the machine's clock.
class TwoDevices {
 public:
  TwoDevices() {
    sim::Request request;
    request.bench_model = "kws";
    request.port = "tcp:0";
    request.profile = "fast";
    request.count = 2;
    server_ = std::jthread([this, request](const std::stop_token& stop) {
      Recorder events;
      const auto served = sim::run(
          request,
          [this](const sim::Ready& ready) {
            addresses.push_back(*parse_address(ready.address));
            if (addresses.size() == 2) ready_.open();
          },
          events, stop);
      CHECK(served);
    });
    REQUIRE(ready_.pass());
  }
  std::vector<Address> addresses;

 private:
  Gate ready_;
  std::jthread server_;
};

/// Opens a gate once a device has finished.
class Opens final : public EventSink {
 public:
  explicit Opens(Gate& gate) : gate_(gate) {}
  void on_event(const Event& event) override {
    if (const auto* done = std::get_if<event::Finished>(&event)) {
      finished.push_back(done->device);
      gate_.open();
    }
  }
  std::vector<std::string> finished;

 private:
  Gate& gate_;
};

}  // namespace

TEST_CASE("a reference inference that takes long does not hold up another device") {
  const TwoDevices devices;
  Gate gate;
  std::atomic<bool> stuck = false;
  std::atomic<int> engines = 0;
  DeviceEnvironment environment = real_device_environment();
  environment.engine = [&](std::shared_ptr<const inference::Model> model)
      -> Result<std::unique_ptr<inference::Engine>> {
    AIOT_TRY(auto engine, DeviceEnvironment::reference_engine(std::move(model)));
    // Of one of the two, whichever is first.
    if (engines++ > 0) return engine;
    return std::make_unique<SlowEngine>(std::move(engine), gate, stuck);
  };
  DeviceRequest request;
  request.phases.performance = true;
  request.model = "kws";
  request.windows = 2;
  request.window = 10ms;
  Opens sink(gate);
  const auto report = run_devices_in(devices.addresses, request, environment, sink, {});
  REQUIRE_MESSAGE(report, report.error().message());
  // The slow one was let go by the other's end, and not by a loop that stood still.
  CHECK_FALSE(stuck);
  CHECK(engines == 2);
  CHECK(sink.finished.size() == 2);
  for (const DutReport& one : report->devices) {
    REQUIRE_MESSAGE(!one.error, one.error->message());
    CHECK(one.result.comparison.value().equal == 2);
  }
}

TEST_CASE("a device that is stopped does not wait for the inference that is under way") {
  Gate begun;
  Gate gate;
  std::atomic<bool> ended = false;
  asio::io_context loop;
  asio::cancellation_signal cancel;
  std::optional<Result<int>> result;
  {
    Workers workers(1);
    asio::co_spawn(
        loop,
        [&]() -> asio::awaitable<void> {
          co_await asio::this_coro::throw_if_cancelled(false);
          std::function<Result<int>()> work = [&]() -> Result<int> {
            begun.open();
            static_cast<void>(gate.pass());
            ended = true;
            return 1;
          };
          result = co_await workers.run(std::move(work), net::steady_clock());
        },
        asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr) {}));
    std::thread stopper([&] {
      CHECK(begun.pass());
      asio::post(loop, [&] { cancel.emit(asio::cancellation_type::terminal); });
    });
    loop.run();
    stopper.join();
    REQUIRE(result);
    REQUIRE(result->has_error());
    CHECK(result->error().code == net::Errc::cancelled);
    CHECK_FALSE(ended);
    gate.open();
  }
  // Its thread is waited for at the end.
  CHECK(ended);
}

TEST_CASE("work beside the loop gives its value or its error, on another thread") {
  Workers workers(3);
  asio::io_context loop;
  const auto here = std::this_thread::get_id();
  int right = 0;
  for (int i = 0; i < 20; ++i) {
    asio::co_spawn(
        loop,
        [&, i]() -> asio::awaitable<void> {
          std::function<Result<int>()> work = [i, here]() -> Result<int> {
            if (std::this_thread::get_id() == here) return -1;
            if (i % 2 == 1) return make_error(DeviceErrc::wrong_model, "a test");
            return i;
          };
          const Result<int> done = co_await workers.run(std::move(work), net::steady_clock());
          const bool expected =
              i % 2 == 1 ? done.has_error() && done.error().code == DeviceErrc::wrong_model
                         : done.has_value() && *done == i;
          if (expected && std::this_thread::get_id() == here) ++right;
        },
        [](std::exception_ptr thrown) { CHECK(thrown == nullptr); });
  }
  loop.run();
  CHECK(right == 20);
}
