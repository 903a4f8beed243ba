#include "gang/gang.hpp"

#include <doctest/doctest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>

#include "ends.hpp"

namespace aiot::gang::test {
namespace {

using namespace std::chrono_literals;
namespace asio = net::asio;

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
  void add(Work work) {
    const auto number = static_cast<unsigned>(places_.size() + 1);
    places_.emplace_back(*parse_address("tcp://one:" + std::to_string(number)), number, words);
    works_.push_back(std::move(work));
  }
  std::vector<DeviceReport> run(const Limits& limits, std::stop_token stop = {}) {
    std::vector<Member> members;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      members.push_back({&places_[i], [this, i] {
                           return serve(places_[i], works_[i], terms_, net::steady_clock(), words);
                         }});
    }
    return gang::run(std::move(members), terms_, limits, words, std::move(stop));
  }

  Words words;

 private:
  const Terms terms_ = test_terms();
  std::deque<Place> places_;
  std::deque<Work> works_;
};

std::string code_of(const DeviceReport& report) {
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
    const auto reports = crew.run({row.allowed, 0ms});
    CHECK(most == row.most);
    REQUIRE(reports.size() == 5);
    for (std::size_t i = 0; i < reports.size(); ++i) {
      CHECK(reports[i].device.port == i + 1);
      CHECK(!reports[i].error);
    }
    CHECK(all_done(reports));
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
      if (i == 2) co_return make_error(Ends::broken);
      co_return Result<void>();
    });
  }
  const auto reports = crew.run({2, 0ms});
  REQUIRE(reports.size() == 4);
  CHECK(code_of(reports[0]) == "done");
  CHECK(code_of(reports[1]) == "test.broken");
  CHECK(code_of(reports[2]) == "done");
  CHECK(code_of(reports[3]) == "done");
  CHECK(!all_done(reports));
}

TEST_CASE("a stop ends those at work, and those that had not begun have their line") {
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
  const auto reports = crew.run({2, 0ms}, stop.get_token());
  CHECK(begun == 0);
  REQUIRE(reports.size() == 4);
  for (const DeviceReport& report : reports) {
    CHECK(code_of(report) == "test.stopped");
    const std::string name = report.device.str();
    CHECK(crew.words.count(name + " started test job") == 1);
    CHECK(crew.words.count(name + " failed [] test.stopped") == 1);
  }
  CHECK(crew.words.lines.size() == 8);
}

TEST_CASE("a stop before the run begins nothing that lasts") {
  Crew crew;
  std::stop_source stop;
  stop.request_stop();
  for (int i = 0; i < 3; ++i) crew.add(wait_for_ever);
  const auto reports = crew.run({1, 0ms}, stop.get_token());
  REQUIRE(reports.size() == 3);
  for (const DeviceReport& report : reports) CHECK(code_of(report) == "test.stopped");
  CHECK(crew.words.lines.size() == 6);
}

TEST_CASE("a device whose time is over ends alone, and the next has its own time") {
  Crew crew;
  crew.add(wait_for_ever);
  crew.add([]() -> net::Task<void> { co_return Result<void>(); });
  crew.add(wait_for_ever);
  const auto reports = crew.run({1, 1ms});
  REQUIRE(reports.size() == 3);
  CHECK(code_of(reports[0]) == "test.late");
  CHECK(code_of(reports[1]) == "done");
  CHECK(code_of(reports[2]) == "test.late");
}

TEST_CASE("each place is named once") {
  const auto check = [](const std::vector<std::string>& names) {
    std::vector<Address> devices;
    for (const std::string& name : names) devices.push_back(*parse_address(name));
    return check_distinct(devices, make_error_code(Ends::none), make_error_code(Ends::twice));
  };
  CHECK(check({"tcp://one:1", "tcp://one:2", "tcp://two:1"}).has_value());
  const Result<void> none = check({});
  REQUIRE(none.has_error());
  CHECK(none.error().code == make_error_code(Ends::none));
  const Result<void> twice =
      check({"serial:/dev/ttyX1", "tcp://one:1", "serial:/dev/ttyX1?baud=9600"});
  REQUIRE(twice.has_error());
  CHECK(twice.error().code == make_error_code(Ends::twice));
  CHECK(twice.error().context == "serial:/dev/ttyX1?baud=9600");
  CHECK(!twice.error().hint.empty());
}

TEST_CASE("several devices do not write one file") {
  const auto code = make_error_code(Ends::twice);
  CHECK(check_own_files(1, "t.txt", code).has_value());
  CHECK(check_own_files(2, "", code).has_value());
  CHECK(check_own_files(2, "t-%d.txt", code).has_value());
  const Result<void> shared = check_own_files(2, "t.txt", code);
  REQUIRE(shared.has_error());
  CHECK(shared.error().code == code);
  CHECK(shared.error().context == "t.txt");
}

}  // namespace
}  // namespace aiot::gang::test
