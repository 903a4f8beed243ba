// A stop at any moment of any operation: it ends as cancelled, soon, with the port released and the
// device back in its application.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "job/flash/error.hpp"
#include "virtual_bench.hpp"

using namespace aiot;
using namespace aiot::flash;
using namespace aiot::flash::test;
namespace asio = boost::asio;

namespace {

/// Counts what is asked of a link, and calls `at_count` when it has been so many.
class Counting final : public WrappedLink {
 public:
  Counting(std::unique_ptr<net::Link> link, int& count, int& open, std::function<void(int)> tell)
      : WrappedLink(std::move(link)), count_(count), open_(open), tell_(std::move(tell)) {
    ++open_;
  }
  ~Counting() override { --open_; }

  net::Task<std::size_t> read_some(std::span<std::uint8_t> buffer,
                                   net::TimePoint deadline) override {
    tell_(++count_);
    return WrappedLink::read_some(buffer, deadline);
  }
  net::Task<void> write(ByteSpan data, net::TimePoint deadline) override {
    tell_(++count_);
    return WrappedLink::write(data, deadline);
  }
  net::Task<void> set_lines(std::span<const net::LineStep> steps) override {
    tell_(++count_);
    return WrappedLink::set_lines(steps);
  }

 private:
  int& count_;
  int& open_;
  std::function<void(int)> tell_;
};

struct Ran {
  Outcome report;
  int operations = 0;    ///< on the link
  int open_links = 0;    ///< afterwards
  double seconds_after;  ///< from the stop to the end
  esp::device::Device::Mode mode;
  std::uint32_t chip_baud;
  int terminal_events;
};

/// Runs the operation, and stops it at the link's operation number `stop_at` (0: never).
template <class T>
Ran run_until_stopped(const Work<T>& operation, bool stub, int stop_at) {
  VirtualBench bench("esp32", {}, test_bytes(0x20000, 9));
  bench.session.use_stub = stub;
  asio::io_context loop;
  asio::cancellation_signal stop;
  Ran ran{};
  double stopped_at = 0;
  bench.wrap = [&](std::unique_ptr<net::Link> link) -> std::unique_ptr<net::Link> {
    return std::make_unique<Counting>(
        std::move(link), ran.operations, ran.open_links, [&, stop_at](int count) {
          if (count != stop_at) return;
          stopped_at = bench.elapsed().count();
          asio::post(loop, [&stop] { stop.emit(asio::cancellation_type::terminal); });
        });
  };
  bool done = false;
  {
    auto session = [&]() -> asio::awaitable<void> {
      co_await asio::this_coro::throw_if_cancelled(false);
      const DeviceReport<T> report = co_await bench.start(operation);
      ran.report = report;
    };
    asio::co_spawn(
        loop, session,
        asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr) { done = true; }));
    const Result<void> ended = bench.clock.run_until(loop, [&] { return done; });
    REQUIRE_MESSAGE(ended.has_value(), ended.error().message());
  }
  ran.seconds_after = bench.elapsed().count() - stopped_at;
  ran.mode = bench.device().mode();
  ran.chip_baud = bench.device().baud_bps();
  ran.terminal_events = bench.recorder.terminal_events();
  return ran;
}

template <class T>
void stop_everywhere(const std::string& name, const Work<T>& operation, bool stub) {
  CAPTURE(name);
  CAPTURE(stub);
  const Ran whole = run_until_stopped(operation, stub, 0);
  REQUIRE_MESSAGE(!whole.report.error, whole.report.error->message());
  REQUIRE(whole.operations > 20);
  int cancelled = 0;
  // Every one while they are few, then a sample: a transfer's are all alike.
  for (int at = 1; at <= whole.operations; at += at < 150 ? 1 : 7) {
    CAPTURE(at);
    const Ran ran = run_until_stopped(operation, stub, at);
    CHECK(ran.open_links == 0);
    CHECK(ran.terminal_events == 1);
    CHECK(ran.seconds_after < 5);
    using Mode = esp::device::Device::Mode;
    CHECK((ran.mode == Mode::application || ran.mode == Mode::reset || ran.mode == Mode::booting));
    if (!ran.report.error) continue;  // it was all but done
    ++cancelled;
    CHECK(ran.report.error->code == make_error_code(Errc::cancelled));
    CHECK_FALSE(ran.report.step.empty());
  }
  CHECK(cancelled > 20);
}

}  // namespace

TEST_CASE("a write that is stopped, anywhere") {
  const TemporaryFile image(test_bytes(60000, 1));
  WriteRequest request;
  request.images.push_back(*parse_placement(image.path() + "@0x10000"));
  Result<Planner> planner = Planner::load(request.images, request.header, false);
  REQUIRE(planner.has_value());
  Compressor compressor;
  for (const bool stub : {true, false}) {
    stop_everywhere("write", write_operation(*planner, compressor, request), stub);
  }
}

TEST_CASE("a verification that is stopped, anywhere") {
  const Bytes there = test_bytes(0x20000, 9);
  const TemporaryFile image(ByteSpan(there).subspan(0x10000, 30000));
  VerifyRequest request;
  request.images.push_back(*parse_placement(image.path() + "@0x10000"));
  Result<Planner> planner = Planner::load(request.images, request.header, false);
  REQUIRE(planner.has_value());
  stop_everywhere("verify", verify_operation(*planner, request), true);
}

TEST_CASE("a read that is stopped, anywhere") {
  const TemporaryFile out({});
  ReadRequest request;
  request.region.offset = 0x10000;
  request.region.size = 0x8000;
  request.output = out.path();
  stop_everywhere("read", read_operation(request), true);
}

TEST_CASE("an erasure that is stopped, anywhere") {
  EraseRequest request;
  request.region.offset = 0x10000;
  request.region.size = 0x8000;
  for (const bool stub : {true, false}) stop_everywhere("erase", erase_operation(request), stub);
}

TEST_CASE("a stop while the compressor works leaves nothing for it to wake") {
  const Bytes data = test_bytes(1 << 20, 3);
  Compressor compressor;
  {
    asio::io_context loop;
    asio::cancellation_signal stop;
    bool done = false;
    auto wait = [&]() -> asio::awaitable<void> {
      co_await asio::this_coro::throw_if_cancelled(false);
      const auto got = co_await compressor.get(data, net::steady_clock());
      CHECK(!got);
      done = true;
    };
    asio::co_spawn(loop, wait,
                   asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr) {}));
    loop.poll();
    REQUIRE(!done);
    stop.emit(asio::cancellation_type::terminal);
    loop.restart();
    loop.run();
    CHECK(done);
  }
  // The loop is gone; the worker ends, and would have posted to it.
}

TEST_CASE("a failure leaves the device as it was asked to be left") {
  const TemporaryFile image(test_bytes(60000, 1));
  VerifyRequest request;
  request.images.push_back(*parse_placement(image.path() + "@0x10000"));
  Result<Planner> planner = Planner::load(request.images, request.header, false);
  REQUIRE(planner.has_value());
  const Ran ran = run_until_stopped(verify_operation(*planner, request), true, 0);
  REQUIRE(ran.report.error.has_value());
  CHECK(ran.report.error->code == make_error_code(Errc::verify_mismatch));
  CHECK(ran.report.step == "verify");
  CHECK(ran.mode != esp::device::Device::Mode::stub);

  VirtualBench bench("esp32", {});
  bench.session.chip = "esp32c3";
  const Outcome other = bench.run(verify_operation(*planner, request));
  REQUIRE(other.error.has_value());
  CHECK(other.error->stable_code() == "esp.wrong_chip");
  CHECK(bench.device().mode() != esp::device::Device::Mode::rom);

  VirtualBench kept("esp32", {"write-protected:0x10000+0x2000"});
  kept.session.after = After::loader;
  WriteRequest write_request;
  write_request.images = request.images;
  Compressor compressor;
  const Outcome left = kept.run(write_operation(*planner, compressor, write_request));
  REQUIRE(left.error.has_value());
  CHECK(left.step == "verify");
  CHECK(kept.device().mode() == esp::device::Device::Mode::stub);
  CHECK(kept.device().baud_bps() == 115200);
}
