#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include "job.hpp"
#include "support/virtual_clock.hpp"

namespace aiot::fleet::test {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

/// One device on virtual time.
struct One {
  net::VirtualClock clock;
  Words words;
  Batch batch = test_batch(clock);
  DeviceRun run{*parse_address("tcp://one:1"), 3, batch, words};

  template <class Work>
  DeviceReport<TestResult> report_of(const Work& work) {
    net::asio::io_context loop;
    Result<DeviceReport<TestResult>> report =
        clock.run(loop, [&]() -> net::Task<DeviceReport<TestResult>> {
          DeviceReport<TestResult> one = co_await run_device<TestResult>(run, work);
          co_return one;
        });
    REQUIRE(report.has_value());
    return *std::move(report);
  }
  /// Fails in its step "write".
  DeviceReport<TestResult> failing(Error error) {
    return report_of([&](DeviceRun& device, TestResult& result) -> net::Task<void> {
      result.chip = "test";
      device.step("write", 1);
      co_return std::move(error);
    });
  }
};

TEST_CASE("a run sends its device's events") {
  One one;
  CHECK(one.run.name() == "tcp://one:1");
  CHECK(one.run.number() == 3);
  CHECK(one.run.current_step().empty());
  one.run.step("connect", 1);
  one.run.log(event::Level::debug, "hello");
  one.run.notice("test.odd", "odd", "look");
  one.run.progress(1, 2, "files");
  CHECK(one.words.lines == Lines{"tcp://one:1 step connect", "tcp://one:1 log hello",
                                 "tcp://one:1 test.odd odd look", "tcp://one:1 1/2 files"});
  one.run.step("write", 1);
  CHECK(one.run.current_step() == "write");
  one.run.blame_step("connect");
  CHECK(one.run.current_step() == "connect");
  CHECK(one.words.lines.size() == 5);  // blame is no event
}

TEST_CASE("a trace has the device's number, and its early end is a notice") {
  One one;
  one.batch.trace_file = "t-%d.txt";
  const net::OpenOptions open = one.run.open_options();
  CHECK(open.trace_file == "t-3.txt");
  open.on_trace_lost(Error(make_error_code(Errc::none), "trace file t-3.txt: full", "make room"));
  CHECK(one.words.lines ==
        Lines{"tcp://one:1 trace.unwritable trace file t-3.txt: full make room"});
  one.batch.trace_file = "";
  CHECK(one.run.open_options().trace_file.empty());
}

TEST_CASE("progress is sent by thousandths, anew in each step") {
  One one;
  one.run.step("write", 1);
  for (std::uint64_t done = 0; done <= 100'000; ++done) one.run.progress(done, 100'000);
  CHECK(one.words.lines.size() == 1 + 1001);
  CHECK(one.words.lines.back() == "tcp://one:1 100000/100000 B");
  one.run.progress(100'000, 100'000);
  CHECK(one.words.lines.size() == 1 + 1001);
  one.run.step("verify", 1);
  one.run.progress(100'000, 100'000);
  CHECK(one.words.lines.size() == 1 + 1001 + 2);
  one.run.step("nothing", 1);
  one.run.progress(0, 0);
  CHECK(one.words.lines.back() == "tcp://one:1 0/0 B");
}

TEST_CASE("a success is reported with its result and time") {
  One one;
  const auto report = one.report_of([&](DeviceRun& run, TestResult& result) -> net::Task<void> {
    run.step("write", 1);
    result.chip = "test";
    Result<void> slept = co_await one.clock.sleep_for(1500ms);
    co_return slept;
  });
  CHECK(!report.error);
  CHECK(report.step.empty());
  CHECK(report.device.str() == "tcp://one:1");
  CHECK(report.result.chip == "test");
  CHECK(report.result.seconds == 1.5);
  CHECK(one.words.lines == Lines{"tcp://one:1 started test job", "tcp://one:1 step write",
                                 "tcp://one:1 finished aiot.test/1"});
}

TEST_CASE("a failure has its step, and the result so far") {
  One one;
  const auto report = one.failing(make_error(Errc::broken, "block 3", "try again"));
  REQUIRE(report.error);
  CHECK(report.error->code == make_error_code(Errc::broken));
  CHECK(report.error->context == "block 3");
  CHECK(report.error->hint == "try again");
  CHECK(report.step == "write");
  CHECK(report.result.chip == "test");
  CHECK(report.result.seconds == 0);
  CHECK(one.words.lines.back() == "tcp://one:1 failed [write] test.broken");
}

TEST_CASE("whatever layer was cancelled, the error is the job's own") {
  One one;
  Error error = make_error(net::Errc::cancelled, "block 3", "what the link said");
  const auto report = one.failing(std::move(error).with_peer_text("device's"));
  REQUIRE(report.error);
  CHECK(report.error->code == make_error_code(Errc::stopped));
  CHECK(report.error->context == "block 3");
  CHECK(report.error->peer_text == "device's");
  CHECK(one.words.lines.back() == "tcp://one:1 failed [write] test.stopped");
}

TEST_CASE("a cancellation at the end of a device's time is a timeout, and no other error is") {
  One one;
  one.run.expire();
  const auto late = one.failing(make_error(net::Errc::cancelled, "block 3"));
  REQUIRE(late.error);
  CHECK(late.error->code == make_error_code(Errc::late));
  CHECK(late.error->context == "block 3");
  CHECK(late.error->hint == "allow more time, or find the step that is slow");
  CHECK(one.words.lines.back() == "tcp://one:1 failed [write] test.late");
  const auto broken = one.failing(make_error(Errc::broken));
  REQUIRE(broken.error);
  CHECK(broken.error->code == make_error_code(Errc::broken));
}

}  // namespace
}  // namespace aiot::fleet::test
