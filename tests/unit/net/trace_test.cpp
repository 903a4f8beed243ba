#include "net/trace.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "net/pty.hpp"
#include "support/scripted_link.hpp"
#include "real_loop.hpp"
#include "show.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;

namespace {

/// A session with everything in it that a trace can hold.
Task<Bytes> session(Link& link) {
  const std::vector<LineStep> reset = {{false, true, 100ms}, {true, false, 50ms}, {false, {}, 0ms}};
  Result<void> lined = co_await link.set_lines(reset);
  AIOT_CO_CHECK(std::move(lined));
  const Bytes hello = {0xC0, 0x00, 0x08, 0xC0};
  Result<void> written = co_await link.write(hello, link.clock().now() + 1s);
  AIOT_CO_CHECK(std::move(written));
  Bytes answer(8);
  Result<std::size_t> first = co_await link.read_some(answer, link.clock().now() + 1s);
  AIOT_CO_CHECK(std::move(first));
  Result<void> set = co_await link.set_baud(921600);
  AIOT_CO_CHECK(std::move(set));
  Result<std::size_t> silence = co_await link.read_some(answer, link.clock().now() + 1s);
  if (silence) co_return make_error(Errc::protocol, "it should have been silent");
  if (silence.error().code != Errc::timed_out) co_return std::move(silence).error();
  Result<void> again = co_await link.write(hello, link.clock().now() + 1s);
  AIOT_CO_CHECK(std::move(again));
  Result<std::size_t> lost = co_await link.read_some(answer, link.clock().now() + 1s);
  if (lost) co_return make_error(Errc::protocol, "it should have been lost");
  Result<void> reopened = co_await link.reopen(link.clock().now() + 1s);
  AIOT_CO_CHECK(std::move(reopened));
  Result<std::size_t> second = co_await link.read_some(answer, link.clock().now() + 1s);
  AIOT_CO_CHECK(std::move(second));
  answer.resize(*second);
  co_return answer;
}

Script device() {
  Script script;
  script.expect_lines().expect("c0 00 08 c0").after(2ms).reply("c0 01 08 c0");
  script.expect_baud(921600).expect("c0 00 08 c0").after(3ms).drop().reply("01 02 03");
  return script;
}

std::string text_of(const std::vector<TraceEvent>& events) {
  std::string out;
  for (const TraceEvent& event : events) out += format_trace_event(event) + "\n";
  return out;
}

std::string file_text(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What the session above leaves, written by hand from the script.
constexpr const char* expected_trace =
    "+0.000000 # dtr=0 rts=1 hold=100\n"
    "+0.000000 # dtr=1 rts=0 hold=50\n"
    "+0.000000 # dtr=0\n"
    "+0.150000 > c0 00 08 c0\n"
    "+0.152000 < c0 01 08 c0\n"
    "+0.152000 # baud 921600\n"
    "+1.152000 > c0 00 08 c0\n"
    "+1.155000 # lost\n"
    "+1.155000 # reopened\n"
    "+1.155000 < 01 02 03\n"
    "+1.155000 # closed\n";

}  // namespace

TEST_CASE("a trace holds the whole session, and replays it") {
  TemporaryFolder folder;
  const std::string path = folder.path() / "session.trace";
  asio::io_context context;
  {
    VirtualClock clock;
    TracingLink link(std::make_unique<ScriptedLink>(clock, device()), *TraceWriter::create(path));
    Result<Bytes> answer = clock.run(context, [&] { return session(link); });
    REQUIRE(answer);
    CHECK(*answer == Bytes{1, 2, 3});
  }
  CHECK(file_text(path) == expected_trace);

  const auto events = read_trace(path);
  REQUIRE(events);
  CHECK(text_of(*events) == expected_trace);
  VirtualClock clock;
  ScriptedLink replay(clock, script_from_trace(*events));
  Result<Bytes> answer = clock.run(context, [&] { return session(replay); });
  REQUIRE(answer);
  CHECK(*answer == Bytes{1, 2, 3});
  CHECK(replay.finished());
  CHECK(clock.elapsed() == 1155ms);

  // A session that does something else is caught.
  std::vector<TraceEvent> changed = *events;
  std::get<TraceEvent::Written>(changed[6].what).bytes[1] = 0x01;
  VirtualClock other;
  ScriptedLink wrong(other, script_from_trace(changed));
  Result<Bytes> refused = other.run(context, [&] { return session(wrong); });
  REQUIRE(!refused);
  CHECK(refused.error().code == Errc::script);
}

TEST_CASE("a trace file is private and is not written through a symbolic link") {
  TemporaryFolder folder;
  folder.write("victim", "precious");
  folder.link(folder.path() / "victim", "link");
  auto refused = TraceWriter::create(folder.path() / "link");
  REQUIRE(!refused);
  CHECK(refused.error().condition() == Condition::resource);
  CHECK(file_text(folder.path() / "victim") == "precious");

  folder.write("old", "what was here before");
  std::filesystem::permissions(folder.path() / "old", std::filesystem::perms(0644));
  CHECK(TraceWriter::create(folder.path() / "old"));
  struct stat status {};
  REQUIRE(::stat((folder.path() / "old").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(file_text(folder.path() / "old").empty());

  CHECK(!TraceWriter::create(folder.path() / "no/such/folder"));
}

TEST_CASE("a trace that cannot be written is told once, and the link goes on") {
  TemporaryFolder folder;
  const std::string path = folder.path() / "session.trace";
  // A limit on file sizes stands in for a full disk: write() fails part of the way.
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{20, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  asio::io_context context;
  std::vector<Error> told;
  {
    VirtualClock clock;
    TracingLink link(std::make_unique<ScriptedLink>(clock, device()), *TraceWriter::create(path),
                     [&](const Error& error) { told.push_back(error); });
    const Result<Bytes> answer = clock.run(context, [&] { return session(link); });
    CHECK(answer);
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  REQUIRE(told.size() == 1);
  CHECK(told[0].code == Errc::io);
  CHECK(told[0].context.find("session.trace: ") != std::string::npos);
  CHECK(!told[0].hint.empty());
}

TEST_CASE("open_link writes the trace it is asked for") {
  TemporaryFolder folder;
  asio::io_context context;
  Pty pty = *Pty::open();
  OpenOptions options;
  options.trace_file = folder.path() / "t";
  auto link = run_real(context, [&]() -> Task<std::unique_ptr<Link>> {
    Address address;
    address.scheme = "serial";
    address.path = pty.path();
    address.query["baud"] = "230400";
    Result<std::unique_ptr<Link>> opened = co_await open_link(address, options);
    co_return opened;
  });
  REQUIRE(link);
  CHECK(pty.client_baud() == 230400);
  CHECK(run_real(context, [&]() -> Task<void> {
    const Bytes two = {0xAB, 0xCD};
    Result<void> written = co_await (*link)->write(two, in(5s));
    co_return written;
  }));
  (*link)->close();
  const std::string text = file_text(options.trace_file);
  CHECK(text.find(" > ab cd\n") != std::string::npos);
  CHECK(text.find(" # closed\n") != std::string::npos);
}

TEST_CASE("secrets are asterisks in a trace, whole and in pieces") {
  const auto hidden = [](std::vector<std::string_view> pieces) {
    SecretMask mask({"secret-pass", "123"});
    std::string out;
    for (const std::string_view piece : pieces) out += to_string(mask.hide(as_bytes(piece))) + "|";
    return out;
  };
  CHECK(hidden({"a secret-pass b"}) == "a *********** b|");
  CHECK(hidden({"secret-passsecret-pass"}) == "**********************|");
  CHECK(hidden({"a sec", "ret-pa", "ss b"}) == "a ***|******|** b|");
  CHECK(hidden({"a se", "cond"}) == "a **|cond|");
  CHECK(hidden({"s", "ecret-pass"}) == "*|**********|");
  CHECK(hidden({"pass 123"}) == "pass 123|");
  CHECK(hidden({"s", "secret-pass"}) == "*|***********|");
}

TEST_CASE("what is no trace is refused by line") {
  for (const char* bad :
       {"+0.000000 > 0", "0.000000 > 00", "+0.00 > 00", "+0.000000 ? 00", "+0.000000 # nothing",
        "+0.000000 # dtr=x", "+0.000000 # baud", "+0.000000 >", "+99999999999.000000 > 00"}) {
    CAPTURE(bad);
    const auto events = parse_trace("+0.000000 > 00\n" + std::string(bad) + "\n");
    REQUIRE(!events);
    CHECK(events.error().context.find("line 2") != std::string::npos);
  }
  CHECK(!read_trace("/no/such/file"));
}
