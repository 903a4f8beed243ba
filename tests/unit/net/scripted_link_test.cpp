#include "support/scripted_link.hpp"

#include <doctest/doctest.h>

#include <array>

#include "show.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;

namespace {

/// Writes "ping", wants "pong" within a second; the session the tests below run.
Task<void> ping(Link& link) {
  const TimePoint deadline = link.clock().now() + 1s;
  const Bytes request = {'p', 'i', 'n', 'g'};
  Result<void> written = co_await link.write(request, deadline);
  AIOT_CO_CHECK(std::move(written));
  std::string answer;
  while (answer.size() < 4) {
    std::array<std::uint8_t, 16> buffer{};
    Result<std::size_t> count = co_await link.read_some(buffer, deadline);
    if (!count) co_return std::move(count).error().with("reading the answer");
    answer += to_string(ByteSpan(buffer).first(*count));
  }
  if (answer != "pong") co_return make_error(Errc::protocol, answer);
  co_return Result<void>();
}

struct Fixture {
  asio::io_context context;
  VirtualClock clock;

  Result<void> run_ping(Link& link) {
    return clock.run(context, [&link] { return ping(link); });
  }
};

Script ping_script() {
  Script script;
  script.expect("70 69 6e 67", "ping").after(2ms).reply("70 6f").after(3ms).reply("6e 67", "end");
  return script;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a script that is followed") {
  ScriptedLink link(clock, ping_script());
  CHECK(run_ping(link));
  CHECK(link.finished());
  CHECK(clock.elapsed() == 5ms);
}

TEST_CASE_FIXTURE(Fixture, "a write that the script does not say shows both sides") {
  Script script;
  script.expect("70 69 6e 68", "ping").reply("70 6f 6e 67");
  ScriptedLink link(clock, script);
  Result<void> result = run_ping(link);
  REQUIRE(!result);
  CHECK(result.error().code == Errc::script);
  CHECK(result.error().context ==
        "script step 1 of 2 (ping): the host wrote something else at byte 3\n"
        "  wrote:    70 69 6e 67\n"
        "  expected: 70 69 6e 68");
  Result<void> again = run_ping(link);
  REQUIRE(!again);
  CHECK(again.error().context == result.error().context);
  CHECK(!link.finished());
}

TEST_CASE_FIXTURE(Fixture, "a write after the end is a mismatch") {
  ScriptedLink link(clock, Script());
  Result<void> result = run_ping(link);
  REQUIRE(!result);
  CHECK(result.error().code == Errc::script);
}

TEST_CASE_FIXTURE(Fixture, "silence ends at the deadline, to the nanosecond") {
  Script script;
  script.expect("70696e67").silence();
  ScriptedLink link(clock, script);
  Result<void> result = run_ping(link);
  REQUIRE(!result);
  CHECK(result.error().code == Errc::timed_out);
  CHECK(clock.elapsed() == 1s);
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Fixture, "a lost link stays lost until it is opened again") {
  Script script;
  script.expect("70696e67").after(1ms).drop().expect("70696e67").reply("706f6e67");
  ScriptedLink link(clock, script);
  for (int i = 0; i < 2; ++i) {
    Result<void> result = run_ping(link);
    REQUIRE(!result);
    CHECK(result.error().code == Errc::link_lost);
  }
  CHECK(clock.run(context, [&] { return link.reopen(clock.now() + 1s); }));
  CHECK(link.reopens() == 1);
  CHECK(run_ping(link));
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Fixture, "every fault of a script ends the session by its deadline") {
  const auto faults = ping_script().with_each_fault();
  CHECK(faults.size() == 6);
  for (const auto& fault : faults) {
    CAPTURE(fault.what);
    VirtualClock own;
    ScriptedLink link(own, fault.script);
    Result<void> result = own.run(context, [&link] { return ping(link); });
    REQUIRE(!result);
    CHECK(result.error().condition() == Condition::timeout);
    CHECK(own.elapsed() <= 1s);
  }
}

TEST_CASE_FIXTURE(Fixture, "rates and lines are recorded, and checked where the script says") {
  Script script;
  script.expect_lines().expect_baud(921600).reply("01");
  ScriptedLink link(clock, script);
  Result<void> result = clock.run(context, [&]() -> Task<void> {
    const std::vector<LineStep> steps = {{true, false, 100ms}, {std::nullopt, true, 0ms}};
    Result<void> lined = co_await link.set_lines(steps);
    AIOT_CO_CHECK(std::move(lined));
    Result<void> set = co_await link.set_baud(921600);
    AIOT_CO_CHECK(std::move(set));
    Result<void> discarded = co_await link.discard_input();
    co_return discarded;
  });
  CHECK(result);
  CHECK(link.finished());
  CHECK(clock.elapsed() == 100ms);
  CHECK(link.bauds() == std::vector<std::uint32_t>{921600});
  REQUIRE(link.lines().size() == 2);
  CHECK(link.lines()[0].dtr == true);
  CHECK(link.lines()[1].rts == true);

  ScriptedLink other(clock, script);
  Result<void> wrong = clock.run(context, [&]() -> Task<void> {
    Result<void> lined = co_await other.set_lines({});
    AIOT_CO_CHECK(std::move(lined));
    Result<void> set = co_await other.set_baud(115200);
    co_return set;
  });
  REQUIRE(!wrong);
  CHECK(wrong.error().message().find("set 115200 baud, expected 921600") != std::string::npos);
}
