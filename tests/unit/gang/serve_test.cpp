#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include "ends.hpp"
#include "net/virtual_clock.hpp"

namespace aiot::gang::test {
namespace {

using namespace std::chrono_literals;

/// Serves one device on virtual time.
struct Served {
  net::VirtualClock clock;
  Words words;
  Place place{*parse_address("tcp://one:1"), 1, words};
  Terms terms = test_terms();

  DeviceReport by(const Work& work) {
    net::asio::io_context loop;
    Result<DeviceReport> report = clock.run(loop, [&]() -> net::Task<DeviceReport> {
      DeviceReport served = co_await serve(place, work, terms, clock, words);
      co_return served;
    });
    REQUIRE(report.has_value());
    return *std::move(report);
  }
  /// Fails in its step "write".
  DeviceReport failing(Error error) {
    return by([&]() -> net::Task<void> {
      place.fields.set("chip", "test");
      place.step("write", 1);
      co_return std::move(error);
    });
  }
};

TEST_CASE("what was done is reported with its fields and time") {
  Served served;
  const DeviceReport report = served.by([&]() -> net::Task<void> {
    served.place.step("write", 1);
    served.place.fields.set("chip", "test");
    Result<void> slept = co_await served.clock.sleep_for(1500ms);
    co_return slept;
  });
  CHECK(!report.error);
  CHECK(report.step.empty());
  CHECK(report.device.str() == "tcp://one:1");
  REQUIRE(report.fields.find("chip"));
  CHECK(*report.fields.find("chip")->string() == "test");
  REQUIRE(report.fields.find("seconds"));
  CHECK(std::get<double>(report.fields.find("seconds")->storage()) == 1.5);
  CHECK(served.words.lines == std::vector<std::string>{"tcp://one:1 started test job",
                                                       "tcp://one:1 step write",
                                                       "tcp://one:1 finished aiot.test/1"});
}

TEST_CASE("a failure has its step, and the fields so far") {
  Served served;
  const DeviceReport report = served.failing(make_error(Ends::broken, "block 3", "try again"));
  REQUIRE(report.error);
  CHECK(report.error->code == make_error_code(Ends::broken));
  CHECK(report.error->context == "block 3");
  CHECK(report.error->hint == "try again");
  CHECK(report.step == "write");
  CHECK(report.fields.find("chip"));
  CHECK(report.fields.find("seconds"));
  CHECK(served.words.lines.back() == "tcp://one:1 failed [write] test.broken");
}

TEST_CASE("whatever layer was cancelled, the error is the job's own") {
  Served served;
  Error error = make_error(net::Errc::cancelled, "block 3", "what the link said");
  const DeviceReport report = served.failing(std::move(error).with_peer_text("device's"));
  REQUIRE(report.error);
  CHECK(report.error->code == make_error_code(Ends::stopped));
  CHECK(report.error->context == "block 3");
  CHECK(report.error->peer_text == "device's");
  CHECK(served.words.lines.back() == "tcp://one:1 failed [write] test.stopped");
}

TEST_CASE("a device whose time was over says so, and no other error is renamed") {
  Served served;
  served.place.out_of_time = true;
  const DeviceReport late = served.failing(make_error(net::Errc::cancelled, "block 3"));
  REQUIRE(late.error);
  CHECK(late.error->code == make_error_code(Ends::late));
  CHECK(late.error->context == "block 3");
  CHECK(late.error->hint == "allow more time, or see which step is slow");
  CHECK(served.words.lines.back() == "tcp://one:1 failed [write] test.late");
  const DeviceReport broken = served.failing(make_error(Ends::broken));
  REQUIRE(broken.error);
  CHECK(broken.error->code == make_error_code(Ends::broken));
}

}  // namespace
}  // namespace aiot::gang::test
