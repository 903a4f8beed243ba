#include "job/listen/job.hpp"

#include "room.hpp"

using namespace aiot;
using namespace std::chrono_literals;
using listen::Report;
using listen::Request;
using net::Script;
using Strings = std::vector<std::string>;

namespace {

Bytes text(const std::string& s) { return Bytes(s.begin(), s.end()); }

std::string ended_by(const Report& report) { return *fields_of(report).find("ended_by")->string(); }

}  // namespace

TEST_CASE("messages of two sources, in the order of time, stamped and counted") {
  Room room;
  room.script("tcp://a:1",
              Script().after(1s).reply(text("a1\n")).after(2s).reply(text("a2\na3")).drop());
  room.script("tcp://b:1", Script().after(2s).reply(text("b1\r\n")).drop());
  const Report report = room.run({"tcp://a:1", "tcp://b:1"}, Request());
  CHECK(room.heard == Strings{"tcp://a:1: a1", "tcp://b:1: b1", "tcp://a:1: a2", "tcp://a:1: a3"});
  CHECK(room.times[0] == "2026-11-24T06:33:39.000000Z");
  CHECK(room.times[2] == "2026-11-24T06:33:41.000000Z");
  CHECK(ended_by(report) == "sources");
  for (const listen::SourceResult& source : report.sources) CHECK_FALSE(source.error.has_value());
  CHECK_FALSE(report.error.has_value());
  CHECK(report.messages == 4);
  CHECK(report.bytes == 8);
}

TEST_CASE("a rest without its line end is reported after the idle time") {
  Room room;
  Request request;
  request.count = 1;
  request.idle = 200ms;
  room.script("tcp://a:1", Script().after(1s).reply(text("login: ")).silence());
  const Report report = room.run({"tcp://a:1"}, request);
  CHECK(room.heard == Strings{"tcp://a:1: login: "});
  CHECK(room.times[0] == "2026-11-24T06:33:39.200000Z");
  CHECK(ended_by(report) == "count");
}

TEST_CASE("what is expected ends it with success, a failure with its text, time with a timeout") {
  Request request;
  request.expect = "ready";
  request.fail_on = "panic";
  request.timeout = 30s;
  const auto run = [&](const std::string& says) {
    Room room;
    room.script("tcp://a:1", Script().after(1s).reply(text(says)).silence());
    Report report = room.run({"tcp://a:1"}, request);
    return std::pair(std::move(report), room.clock.elapsed());
  };
  const auto [seen, early] = run("booting\nready\nnever told\n");
  CHECK_FALSE(seen.error.has_value());
  CHECK(ended_by(seen) == "expect");
  CHECK(seen.matched == "ready");
  CHECK(early == 1s);

  const auto [failed, when] = run("kernel panic\x1b[31m\n");
  CHECK(failed.error->condition() == Condition::mismatch);
  CHECK(failed.error->peer_text == "kernel panic\x1b[31m");
  CHECK(when == 1s);

  const auto [late, end] = run("nothing\n");
  CHECK(late.error->condition() == Condition::timeout);
  CHECK(late.error->stable_code() == "listen.not_seen");
  CHECK(end == 30s);
}

TEST_CASE("duration, count and a stop end it with success") {
  Request request;
  request.duration = 5s;
  Room room;
  room.script("tcp://a:1", Script().silence());
  Report report = room.run({"tcp://a:1"}, request);
  CHECK(ended_by(report) == "duration");
  CHECK(room.clock.elapsed() == 5s);
  CHECK_FALSE(report.error.has_value());

  Room stopped;
  stopped.script("tcp://a:1", Script().silence());
  report = stopped.run({"tcp://a:1"}, Request(), [](auto& job) { job.stop(); });
  CHECK(ended_by(report) == "stop");
  CHECK_FALSE(report.error.has_value());

  request.expect = "x";
  Room asked;
  asked.script("tcp://a:1", Script().silence());
  report = asked.run({"tcp://a:1"}, request, [](auto& job) { job.stop(); });
  CHECK(report.error->condition() == Condition::cancelled);
}

TEST_CASE("sources that end before the expected text is there") {
  Request request;
  request.expect = "x";
  Room room;
  room.script("tcp://a:1", Script().reply(text("y\n")).drop());
  CHECK(room.run({"tcp://a:1"}, request).error->stable_code() == "listen.ended_early");
}

TEST_CASE("one address that fails does not stop the others") {
  Room room;
  room.script("tcp://b:1", Script().after(1s).reply(text("b\n")).drop());
  const Report report = room.run({"tcp://nobody:1", "tcp://b:1"}, Request());
  CHECK(room.heard == Strings{"tcp://b:1: b"});
  CHECK(room.notices == Strings{"tcp://nobody:1: port.not_found"});
  REQUIRE(report.sources.size() == 2);
  CHECK(report.sources[0].address == "tcp://nobody:1");
  CHECK(report.sources[0].error->stable_code() == "port.not_found");
  CHECK_FALSE(report.sources[1].error.has_value());
}

TEST_CASE("as many messages are kept as asked for, and no more than 16 MiB of them") {
  Room room;
  Request request;
  request.keep = 2;
  room.script("tcp://a:1", Script().reply(text("one\ntwo\nthree\n")).drop());
  const Report report = room.run({"tcp://a:1"}, request);
  CHECK(report.messages == 3);
  REQUIRE(report.heard->size() == 2);
  CHECK(report.heard->at(1).payload == "two");

  Room large;
  request.keep = 1'000'000;
  request.framing = listen::Framing::none;
  Script script;
  for (int i = 0; i < 20; ++i) script.reply(Bytes(1U << 20, 'x'));
  large.script("tcp://a:1", std::move(script).drop());
  const Report flood = large.run({"tcp://a:1"}, request);
  std::size_t bytes = 0;
  for (const listen::Message& message : *flood.heard) bytes += message.payload.size();
  CHECK(flood.bytes == 20U << 20);
  CHECK(bytes > 12U << 20);
  CHECK(bytes <= 16U << 20);
}

TEST_CASE("a port that was unplugged is waited for, what was begun is reported") {
  Room room;
  Request request;
  request.count = 2;
  room.script("serial:/dev/x",
              Script().reply(text("half")).drop().after(3s).reply(text("back\n")).silence());
  const Report report = room.run({"serial:/dev/x"}, request);
  CHECK(room.heard == Strings{"serial:/dev/x: half", "serial:/dev/x: back"});
  CHECK(room.notices == Strings{"serial:/dev/x: listen.lost", "serial:/dev/x: listen.back"});
  CHECK(room.links.at("serial:/dev/x")->reopens() == 1);

  Room once;
  request.reconnect = false;
  once.script("serial:/dev/x", Script().reply(text("half")).drop());
  CHECK(ended_by(once.run({"serial:/dev/x"}, request)) == "sources");
}

TEST_CASE("a reset pulses EN and leaves IO0 high; without one the lines are left alone") {
  Request request;
  request.duration = 1s;
  Room room;
  room.script("serial:/dev/x", Script().silence());
  room.run({"serial:/dev/x"}, request);
  CHECK(room.links.at("serial:/dev/x")->lines().empty());

  Room reset;
  request.reset = true;
  reset.script("serial:/dev/x", Script().silence());
  reset.run({"serial:/dev/x"}, request);
  const auto& lines = reset.links.at("serial:/dev/x")->lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].rts == true);
  CHECK(lines[0].dtr == false);
  CHECK(lines[1].rts == false);
}

TEST_CASE("bytes for the device go out once the link is open") {
  Room room;
  Request request;
  request.count = 1;
  room.script("tcp://a:1", Script().expect(text("status\n")).reply(text("fine\n")).silence());
  bool sent = false;
  room.run({"tcp://a:1"}, request,
           [&](auto& job) { job.send(text("status\n"), [&] { sent = true; }); });
  CHECK(sent);
  CHECK(room.heard == Strings{"tcp://a:1: fine"});
}

TEST_CASE("a script is met with an error, half a reply and a silence at each step") {
  Request request;
  request.expect = "three";
  request.timeout = 10s;
  const Script script = Script()
                            .reply(text("one\n"))
                            .after(100ms)
                            .reply(text("two\n"))
                            .after(100ms)
                            .reply(text("three\n"));
  for (const Script::Faulty& faulty : script.with_each_fault()) {
    CAPTURE(faulty.what);
    Room room;
    room.script("tcp://a:1", faulty.script);
    const Report report = room.run({"tcp://a:1"}, request);
    CHECK(report.error->condition() == Condition::timeout);
    CHECK(room.clock.elapsed() <= 10s);
  }
}

TEST_CASE("requests that make no sense are refused before anything is opened") {
  boost::asio::io_context loop;
  listen::Environment environment = listen::real_environment();
  const auto make = [&](const Strings& addresses, const Request& request) {
    std::vector<Address> sources;
    for (const std::string& address : addresses) sources.push_back(*parse_address(address));
    const auto made = listen::Job::make(loop, sources, request, environment, null_sink());
    return made ? std::string() : made.error().stable_code();
  };
  CHECK(make({}, {}) == "listen.no_sources");
  CHECK(make({"tcp://a:1", "tcp://a:1"}, {}) == "listen.same_source");
  CHECK(make({"matter:1"}, {}) == "usage.scheme");
  CHECK(make({"udp://a:1?x=1"}, {}) == "listen.bad_setting");
  Request request;
  request.expect = "(";
  CHECK(make({"tcp://a:1"}, request) == "filter.pattern");
  request.expect.clear();
  request.log_file = "/nonexistent/x";
  CHECK(make({"tcp://a:1"}, request) == "listen.log_unwritable");
  request.log_file.clear();
  request.reset = true;
  CHECK(make({"tcp://a:1", "udp://b:1"}, request) == "listen.no_reset");
  CHECK(make({"udp://b:1", "rfc2217://a:1"}, request).empty());
}
