#include "protocol/protocomm/http_transport.hpp"

#include <doctest/doctest.h>

#include "direct.hpp"
#include "support/scripted_link.hpp"
#include "support/show.hpp"
#include "vectors.hpp"

using namespace aiot;
using namespace aiot::protocomm;
using namespace std::chrono_literals;
using net::Script;
using provisioning::Errc;

namespace {

Bytes request(std::string_view endpoint, const Bytes& body, std::string_view cookie) {
  std::string head = "POST /" + std::string(endpoint) +
                     " HTTP/1.1\r\nHost: 192.168.4.1\r\n"
                     "Content-Type: application/x-www-form-urlencoded\r\nAccept: text/plain\r\n";
  if (!cookie.empty()) head += "Cookie: " + std::string(cookie) + "\r\n";
  head += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  Bytes out(head.begin(), head.end());
  append(out, body);
  return out;
}
Bytes response(const Bytes& body, std::string_view cookie = {}) {
  std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n";
  if (!cookie.empty()) head += "Set-Cookie: " + std::string(cookie) + "\r\n";
  head += "\r\n";
  Bytes out(head.begin(), head.end());
  append(out, body);
  return out;
}
Bytes text(std::string_view words) { return Bytes(words.begin(), words.end()); }

/// The session sec1-A of vectors.hpp as it goes over HTTP, up to a refused password.
Script literal_session() {
  const std::string cookie = "session=2596996162";
  const std::string host_key = "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f";
  const std::string device_key = "79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a";
  const auto& bodies = vectors()[0].bodies;
  // What the device proves follows in the key stream; its own key, encrypted.
  DeviceHandshake device(vectors()[0].credentials, in_order(vectors()[0].device_random));
  HostHandshake host(vectors()[0].credentials, in_order(vectors()[0].host_random));
  const Bytes response0 = *device.on_request(host.command0());
  const Bytes response1 = *device.on_request(host.command1(response0)->value());
  return Script()
      .expect(request("proto-ver", text("---"), ""), "version")
      .reply(response(text(R"({"prov":{"ver":"v1.1","sec_ver":1,"cap":["wifi_scan"]}})"), cookie))
      .expect(request("prov-session", hex("10015a25a201220a20" + host_key), cookie), "command 0")
      .reply(response(
          hex("10015a390801aa01341220" + device_key + "1a10" + to_hex(counting(0xa0, 16)))))
      .expect(request("prov-session",
                      hex("10015a270802b201221220778c8a76b7e555ec25bb7a07ce50393f22b9ee8f765e4cf8ce"
                          "49569766464784"),
                      cookie),
              "command 1")
      .reply(response(response1))
      .expect(request("prov-config", hex(bodies[0].second), cookie), "set")
      .reply(response(hex(bodies[1].second)))
      .expect(request("prov-config", hex(bodies[2].second), cookie), "apply")
      .reply(response(hex(bodies[3].second)))
      .expect(request("prov-config", hex(bodies[4].second), cookie), "status")
      .reply(response(hex(bodies[5].second)));
}

struct Run {
  std::optional<Error> error;  ///< how it ended
  net::Duration elapsed{};
  std::string script;
};

Run run(const Script& script) {
  net::asio::io_context context;
  net::VirtualClock clock;
  auto link = std::make_unique<net::ScriptedLink>(clock, script);
  net::ScriptedLink& scripted = *link;
  HttpTransport transport(std::move(link), "192.168.4.1");
  NotedFlow flow;
  pair::PairResult result;
  const Plan plan = home_plan();
  const Random random = in_order({counting(0x00, 32), counting(0x00, 32)});
  Run out;
  const Result<void> ended = clock.run(context, [&]() -> net::Task<void> {
    co_return co_await provision(transport, plan, flow, result, random);
  });
  if (!ended) out.error = ended.error();
  out.elapsed = clock.elapsed();
  const Result<void> finished = scripted.finished();
  out.script = finished ? "" : finished.error().message();
  return out;
}

}  // namespace

TEST_CASE("a session over HTTP, byte by byte") {
  const Run done = run(literal_session().silence());
  CHECK(done.script.empty());
  REQUIRE(done.error);
  CHECK(done.error->code == Errc::network_refused);  // the device is silent after that
}

TEST_CASE("the same with each fault: it ends in a cause, and in time") {
  const std::vector<Script::Faulty> faulty = literal_session().with_each_fault();
  CHECK(faulty.size() == 18);
  for (const Script::Faulty& each : faulty) {
    CAPTURE(each.what);
    const Run done = run(each.script);
    REQUIRE(done.error);
    CAPTURE(done.error->message());
    CHECK(std::string(done.error->code.category().name()) == "pair");
    CHECK(done.elapsed < 30s);
  }
}

TEST_CASE("a closed connection is a refusal; the step tells the cause") {
  const auto until = [](std::size_t replies) {
    // The first steps of the session, and then the end of the connection.
    const Script whole = literal_session();
    Script script;
    std::size_t count = 0;
    for (const Script::Step& step : whole.steps()) {
      if (const auto* expect = std::get_if<Script::Expect>(&step)) script.expect(expect->bytes);
      if (const auto* reply = std::get_if<Script::Reply>(&step)) {
        if (count++ == replies) break;
        script.reply(reply->bytes);
      }
    }
    return script.drop();
  };
  CHECK(run(until(0)).error.value().code == Errc::superseded);
  CHECK(run(until(2)).error.value().code == Errc::wrong_proof);
  CHECK(run(until(3)).error.value().code == Errc::superseded);
  CHECK(run(until(5)).error.value().code == Errc::superseded);
}

TEST_CASE("answers that are not the device's") {
  const auto answered = [](std::string_view words) {
    return run(Script().expect(request("proto-ver", text("---"), "")).reply(text(words)))
        .error.value()
        .code;
  };
  CHECK(answered("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") ==
        Errc::unsupported_version);
  CHECK(answered("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n") ==
        Errc::protocol_violated);
  CHECK(answered("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n") == Errc::protocol_violated);
  CHECK(answered("220 ftp ready\r\n") == Errc::protocol_violated);
}

TEST_CASE("a restart leaves cookie and connection behind") {
  net::asio::io_context context;
  net::VirtualClock clock;
  Script script = Script()
                      .expect(request("a", text("1"), ""))
                      .reply(response(text("2"), "session=7; Path=/"))
                      .expect(request("a", text("3"), "session=7"))
                      .reply(response(text("4")))
                      .drop()
                      .expect(request("a", text("5"), ""))
                      .reply(response(text("6")));
  HttpTransport transport(std::make_unique<net::ScriptedLink>(clock, script), "192.168.4.1");
  const Result<void> ended = clock.run(context, [&]() -> net::Task<void> {
    const net::TimePoint deadline = clock.now() + 5s;
    const Bytes one = text("1");
    Result<Bytes> first = co_await transport.exchange("a", one, deadline);
    if (!first) co_return std::move(first).error();
    const Bytes three = text("3");
    Result<Bytes> second = co_await transport.exchange("a", three, deadline);
    if (!second) co_return std::move(second).error();
    Result<void> again = co_await transport.restart(deadline);
    if (!again) co_return again;
    const Bytes five = text("5");
    Result<Bytes> third = co_await transport.exchange("a", five, deadline);
    if (!third) co_return std::move(third).error();
    CHECK(to_string(*third) == "6");
    co_return Result<void>();
  });
  CHECK(ended);
}
