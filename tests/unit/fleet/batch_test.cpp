#include <doctest/doctest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "aiot/value.hpp"
#include "job.hpp"

namespace aiot::fleet::test {
namespace {

using namespace std::chrono_literals;
namespace asio = net::asio;
using Reports = std::vector<DeviceReport<TestResult>>;

/// Gives the others their turn.
net::Task<void> yield() {
  co_await asio::post(asio::use_awaitable);
  co_return Result<void>();
}

/// Waits until it is cancelled.
net::Task<void> wait_for_ever() { return net::steady_clock().sleep_for(24h); }

/// Devices one:1, one:2, …, and what they do.
class Crew {
 public:
  using Work = std::function<net::Task<void>()>;

  void add(Work work) { works_.push_back(std::move(work)); }
  Reports run(unsigned at_once, std::chrono::milliseconds timeout, std::stop_token stop = {}) {
    std::vector<Address> devices;
    for (std::size_t i = 1; i <= works_.size(); ++i) {
      devices.push_back(*parse_address("tcp://one:" + std::to_string(i)));
    }
    Batch batch = test_batch();
    batch.at_once = at_once;
    batch.timeout = timeout;
    auto reports =
        run_devices<TestResult>(devices, batch, words, std::move(stop),
                                [this](DeviceRun& run, TestResult& result) -> net::Task<void> {
                                  result.chip = "chip " + std::to_string(run.number());
                                  return works_[run.number() - 1]();
                                });
    REQUIRE(reports.has_value());
    return *std::move(reports);
  }

  Words words;

 private:
  std::vector<Work> works_;
};

std::string code_of(const DeviceReport<TestResult>& report) {
  return report.error ? std::string(report.error->stable_code()) : "done";
}

TEST_CASE("so many at once as allowed, in the order given") {
  struct Row {
    unsigned allowed;
    int most;
  };
  for (const Row row : {Row{0, 5}, Row{1, 1}, Row{2, 2}, Row{9, 5}}) {
    CAPTURE(row.allowed);
    Crew crew;
    int now = 0;
    int most = 0;
    for (int i = 0; i < 5; ++i) {
      crew.add([&]() -> net::Task<void> {
        most = std::max(most, ++now);
        for (int turn = 0; turn < 20; ++turn) {
          Result<void> yielded = co_await yield();
          AIOT_CO_CHECK(std::move(yielded));
        }
        --now;
        co_return Result<void>();
      });
    }
    const Reports reports = crew.run(row.allowed, 0ms);
    CHECK(most == row.most);
    REQUIRE(reports.size() == 5);
    for (std::size_t i = 0; i < reports.size(); ++i) {
      CHECK(reports[i].device.port == i + 1);
      CHECK(reports[i].result.chip == "chip " + std::to_string(i + 1));
      CHECK(!reports[i].error);
    }
    CHECK(all_ok(reports));
    std::erase_if(crew.words.lines, [](const std::string& line) {
      return line.find("started") == std::string::npos;
    });
    CHECK(std::ranges::is_sorted(crew.words.lines));
  }
}

TEST_CASE("one failure does not stop the others") {
  Crew crew;
  for (int i = 1; i <= 4; ++i) {
    crew.add([i]() -> net::Task<void> {
      Result<void> yielded = co_await yield();
      AIOT_CO_CHECK(std::move(yielded));
      if (i == 2) co_return make_error(Errc::broken);
      co_return Result<void>();
    });
  }
  const Reports reports = crew.run(2, 0ms);
  REQUIRE(reports.size() == 4);
  CHECK(code_of(reports[0]) == "done");
  CHECK(code_of(reports[1]) == "test.broken");
  CHECK(code_of(reports[2]) == "done");
  CHECK(code_of(reports[3]) == "done");
  CHECK(!all_ok(reports));
}

TEST_CASE("a stop ends those that run, and those that have not started have their line") {
  Crew crew;
  std::stop_source stop;
  crew.add(wait_for_ever);
  crew.add([&]() -> net::Task<void> {
    stop.request_stop();
    Result<void> waited = co_await wait_for_ever();
    co_return waited;
  });
  int begun = 0;
  for (int i = 0; i < 2; ++i) {
    crew.add([&]() -> net::Task<void> {
      ++begun;
      co_return Result<void>();
    });
  }
  const Reports reports = crew.run(2, 0ms, stop.get_token());
  CHECK(begun == 0);
  REQUIRE(reports.size() == 4);
  for (const auto& report : reports) {
    CHECK(code_of(report) == "test.stopped");
    const std::string name = report.device.str();
    CHECK(crew.words.count(name + " started test job") == 1);
    CHECK(crew.words.count(name + " failed [] test.stopped") == 1);
  }
  CHECK(crew.words.lines.size() == 8);
}

TEST_CASE("a stop before the run starts nothing that lasts") {
  Crew crew;
  std::stop_source stop;
  stop.request_stop();
  for (int i = 0; i < 3; ++i) crew.add(wait_for_ever);
  const Reports reports = crew.run(1, 0ms, stop.get_token());
  REQUIRE(reports.size() == 3);
  for (const auto& report : reports) CHECK(code_of(report) == "test.stopped");
  CHECK(crew.words.lines.size() == 6);
}

TEST_CASE("a device that exceeds its time ends alone, and the next has its own time") {
  Crew crew;
  crew.add(wait_for_ever);
  crew.add([]() -> net::Task<void> { co_return Result<void>(); });
  crew.add(wait_for_ever);
  const Reports reports = crew.run(1, 1ms);
  REQUIRE(reports.size() == 3);
  CHECK(code_of(reports[0]) == "test.late");
  CHECK(code_of(reports[1]) == "done");
  CHECK(code_of(reports[2]) == "test.late");
}

TEST_CASE("a device that ends in time ends the wait for its limit") {
  Crew crew;
  crew.add([]() -> net::Task<void> { co_return Result<void>(); });
  crew.add(yield);
  const Reports reports = crew.run(0, 24h);
  CHECK(all_ok(reports));
}

TEST_CASE("each place is named once") {
  const auto check = [](const std::vector<std::string>& names) {
    std::vector<Address> devices;
    for (const std::string& name : names) devices.push_back(*parse_address(name));
    return check_batch(devices, test_batch());
  };
  CHECK(check({"tcp://one:1", "tcp://one:2", "tcp://two:1"}).has_value());
  const Result<void> none = check({});
  REQUIRE(none.has_error());
  CHECK(none.error().code == make_error_code(Errc::none));
  const Result<void> twice =
      check({"serial:/dev/ttyX1", "tcp://one:1", "serial:/dev/ttyX1?baud=9600"});
  REQUIRE(twice.has_error());
  CHECK(twice.error().code == make_error_code(Errc::twice));
  CHECK(twice.error().context == "serial:/dev/ttyX1?baud=9600");
  CHECK(!twice.error().hint.empty());
}

TEST_CASE("a job refuses addresses that it cannot use") {
  constexpr std::string_view accepted[] = {"serial", "tcp"};
  Batch batch = test_batch();
  batch.schemes = accepted;
  const std::vector<Address> good = {*parse_address("tcp://one:1")};
  CHECK(check_batch(good, batch).has_value());
  const std::vector<Address> bad = {good[0], *parse_address("https://192.168.4.1")};
  const Result<void> refused = check_batch(bad, batch);
  REQUIRE(refused.has_error());
  CHECK(refused.error().condition() == Condition::usage);
}

TEST_CASE("several devices do not write one trace") {
  const std::vector<Address> two = {*parse_address("tcp://one:1"), *parse_address("tcp://one:2")};
  const auto check = [&](std::size_t devices, const std::string& file) {
    Batch batch = test_batch();
    batch.trace_file = file;
    return check_batch(std::span(two).first(devices), batch);
  };
  CHECK(check(1, "t.txt").has_value());
  CHECK(check(2, "").has_value());
  CHECK(check(2, "t-%d.txt").has_value());
  const Result<void> shared = check(2, "t.txt");
  REQUIRE(shared.has_error());
  CHECK(shared.error().code == make_error_code(Errc::shared));
  CHECK(shared.error().context == "t.txt");
}

TEST_CASE("nothing is tried when the batch is wrong") {
  Words words;
  int begun = 0;
  const std::vector<Address> devices(2, *parse_address("tcp://one:1"));
  const auto reports = run_devices<TestResult>(devices, test_batch(), words, {},
                                               [&](DeviceRun&, TestResult&) -> net::Task<void> {
                                                 ++begun;
                                                 co_return Result<void>();
                                               });
  CHECK(reports.has_error());
  CHECK(begun == 0);
  CHECK(words.lines.empty());
}

TEST_CASE("two addresses that lead to one device") {
  Words words;
  const std::vector<Address> devices = {*parse_address("tcp://one:1"),
                                        *parse_address("tcp://one:2")};
  Batch batch = test_batch();
  batch.at_once = 1;
  const auto reports = run_devices<TestResult>(
      devices, batch, words, {}, [&](DeviceRun& run, TestResult&) -> net::Task<void> {
        AIOT_CO_CHECK(run.identify("24:0a:c4:00:00:01"));
        co_return run.identify("24:0a:c4:00:00:01");  // the same device again
      });
  REQUIRE(reports.has_value());
  CHECK(code_of((*reports)[0]) == "done");
  CHECK(code_of((*reports)[1]) == "test.twice");
  CHECK((*reports)[1].error->context == "24:0a:c4:00:00:01 is tcp://one:1");
  CHECK((*reports)[1].error->hint == "name each device once");
}

TEST_CASE("a report begins with its outcome") {
  DeviceReport<TestResult> report;
  report.device = *parse_address("tcp://one:1");
  report.result = {"test", 1.5};
  CHECK(fields_of(report) ==
        Object({{"device", "tcp://one:1"}, {"ok", true}, {"chip", "test"}, {"seconds", 1.5}}));
  report.error = make_error(Errc::broken);
  report.step = "write";
  report.result = {};
  CHECK(fields_of(report) == Object({{"device", "tcp://one:1"},
                                     {"ok", false},
                                     {"code", "test.broken"},
                                     {"step", "write"},
                                     {"seconds", 0.0}}));
}

}  // namespace
}  // namespace aiot::fleet::test
