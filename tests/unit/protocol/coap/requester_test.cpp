#include "protocol/coap/requester.hpp"

#include <doctest/doctest.h>

#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::coap;
using namespace std::chrono_literals;

namespace {

/// A requester on a clock that the test turns by hand.
struct Bench {
  net::TimePoint now{std::chrono::hours(1)};
  Requester requester;

  explicit Bench(Request request, std::uint16_t id, std::string_view token, Timing timing = {})
      : requester(std::move(request), RandomIds{id, *from_hex(token), 1}, timing) {
    requester.start(now);
  }
  void receive(std::string_view hex) { requester.on_datagram(now, *from_hex(hex)); }
  std::string sent() {
    const std::optional<Bytes> out = requester.take_output();
    return out ? to_hex(*out) : "";
  }
  std::string payload() {
    const auto response = requester.take_response();
    if (!response) return "nothing";
    return *response ? to_string((*response)->payload) : (*response).error().stable_code();
  }
  /// Goes to the next timer; how long that took.
  net::Duration wait() {
    const net::TimePoint then = requester.next_timer().value_or(now);
    const net::Duration took = then - now;
    now = then;
    requester.on_timer(now);
    return took;
  }
};

Request temperature(bool observe = false) {
  Request request;
  request.path = "/temperature";
  request.observe = observe;
  return request;
}

constexpr const char* get_7d34 = "40017d34bb74656d7065726174757265";

}  // namespace

// RFC 7252, appendix A: what each figure has on the wire.
TEST_CASE("a piggybacked response (figures 16 and 17)") {
  Bench bench(temperature(), 0x7D34, "");
  CHECK(bench.sent() == get_7d34);
  bench.receive("60457d34ff32322e332043");
  CHECK(bench.payload() == "22.3 C");
  CHECK(bench.requester.finished());
  CHECK(!bench.requester.next_timer());

  Bench with_token(temperature(), 0x7D35, "20");
  CHECK(with_token.sent() == "41017d3520bb74656d7065726174757265");
  with_token.receive("61457d3521ff32322e332043");  // another token
  CHECK(with_token.payload() == "nothing");
  with_token.receive("61457d3520ff32322e332043");
  CHECK(with_token.payload() == "22.3 C");
}

TEST_CASE("the request is lost (figure 18): asked again with the same message id, ever later") {
  Bench bench(temperature(), 0x7D34, "");
  CHECK(bench.sent() == get_7d34);
  net::Duration last = bench.wait();
  CHECK(last >= 2s);
  CHECK(last <= 3s);
  for (int again = 1; again <= 4; ++again) {
    CHECK(bench.sent() == get_7d34);
    CHECK(bench.sent() == "");
    const net::Duration next = bench.wait();
    CHECK(next == 2 * last);
    last = next;
  }
  CHECK(bench.sent() == "");
  CHECK(bench.payload() == "coap.no_reply");
  CHECK(bench.requester.finished());
  CHECK(bench.now - net::TimePoint(1h) >= 62s);  // MAX_TRANSMIT_WAIT is 93 s
  CHECK(bench.now - net::TimePoint(1h) <= 93s);
}

TEST_CASE("a separate response (figure 20) is acknowledged, and its copy again, and told once") {
  Bench bench(temperature(), 0x7D38, "53");
  bench.sent();
  bench.receive("60007d38");
  CHECK(bench.requester.next_timer() == bench.now + 60s);
  bench.receive("4145ad7b53ff32322e332043");
  CHECK(bench.sent() == "6000ad7b");
  CHECK(bench.payload() == "22.3 C");
  bench.receive("4145ad7b53ff32322e332043");
  CHECK(bench.sent() == "7000ad7b");  // the exchange is over
  CHECK(bench.payload() == "nothing");
}

TEST_CASE("a separate response that overtakes the acknowledgement (figure 21)") {
  Bench bench(temperature(), 0x7D38, "53");
  bench.sent();
  bench.receive("5145ad7c53ff32322e332043");  // non-confirmable: figure 22
  CHECK(bench.sent() == "");
  CHECK(bench.payload() == "22.3 C");
}

TEST_CASE("acknowledged, then nothing") {
  Bench bench(temperature(), 0x7D38, "53");
  bench.receive("60007d38");
  CHECK(bench.wait() == 60s);
  CHECK(bench.payload() == "coap.no_reply");
}

TEST_CASE("refusals, resets and what is not understood") {
  Bench refused(temperature(), 1, "aa");
  refused.receive("61840001aaff6e6f");
  const auto answer = refused.requester.take_response();
  REQUIRE(answer);
  REQUIRE(!*answer);
  CHECK((*answer).error().message() == "4.04: the request was refused (it said \"no\")");

  Bench reset(temperature(), 1, "aa");
  reset.receive("70000001");
  CHECK(reset.payload() == "coap.reset");

  Bench critical(temperature(), 1, "aa");
  critical.receive("61450001aa9100ff31");  // option 9 is OSCORE
  CHECK(critical.payload() == "coap.critical_option");

  Bench noise(temperature(), 1, "aa");
  noise.sent();
  noise.receive("");
  noise.receive("ffffffff");
  noise.receive("60450002ff31");      // another exchange's
  noise.receive("4145beef99ff31");    // a stranger's notification
  CHECK(noise.sent() == "7000beef");  // is told to stop
  noise.receive("40010009bb7465");    // broken
  noise.receive("4001000a");          // a request
  CHECK(noise.sent() == "");
  CHECK(noise.payload() == "nothing");
  CHECK(!noise.requester.finished());
}

// RFC 7641, figures 3 and 4: the client takes two values, misses one, and asks again when the last
// has become stale.
TEST_CASE("an observation") {
  Bench bench(temperature(true), 0x1633, "4a");
  CHECK(bench.sent() == "410116334a605b74656d7065726174757265");
  bench.receive("614516334a6109810fff31382e352043656c");
  CHECK(bench.payload() == "18.5 Cel");
  bench.receive("51457b504a6110810fff31392e322043656c");
  CHECK(bench.payload() == "19.2 Cel");
  CHECK(bench.sent() == "");

  SUBCASE("is asked for again 5 to 15 s after the value's age has passed") {
    const net::Duration waited = bench.wait();
    CHECK(waited >= 20s);
    CHECK(waited <= 30s);
    CHECK(bench.sent() == "410116344a605b74656d7065726174757265");
    bench.receive("614516344a612c810fff31392e372043656c");
    CHECK(bench.payload() == "19.7 Cel");
    CHECK(!bench.requester.finished());
  }
  SUBCASE("a restarted server counts from the start again") {
    bench.wait();
    bench.sent();
    bench.receive("614516344a6102810fff31");
    CHECK(bench.payload() == "1");
  }
  SUBCASE("older values, and copies, are not told") {
    bench.receive("51457b504a6110810fff31392e322043656c");
    bench.receive("51457b4f4a610f810fff31392e312043656c");
    CHECK(bench.payload() == "nothing");
    bench.now += 129s;
    bench.receive("51457b4e4a610f810fff31392e312043656c");
    CHECK(bench.payload() == "19.1 Cel");
  }
  SUBCASE("the sequence wraps at 24 bits") {
    bench.receive("51457b514a63800010810fff31");  // 0x800010 is not newer than 0x10
    CHECK(bench.payload() == "nothing");
    bench.receive("51457b524a63700000810fff32");
    CHECK(bench.payload() == "2");
    bench.receive("51457b534a63f00000810fff33");
    CHECK(bench.payload() == "nothing");
    bench.receive("51457b544a63e00000810fff34");
    CHECK(bench.payload() == "4");
    bench.receive("51457b554a6101810fff35");
    CHECK(bench.payload() == "5");
  }
  SUBCASE("a confirmable notification is acknowledged") {
    bench.receive("41457b604a6120810fff31");
    CHECK(bench.sent() == "60007b60");
    CHECK(bench.payload() == "1");
  }
  SUBCASE("the resource goes away") {
    bench.receive("51847b614a");
    CHECK(bench.payload() == "coap.refused");
    CHECK(bench.requester.finished());
  }
  SUBCASE("the server ends it with a last value") {
    bench.receive("51457b624aff31");
    CHECK(bench.payload() == "1");
    CHECK(bench.requester.finished());
  }
  SUBCASE("the server does not answer any more") {
    for (int i = 0; i < 6; ++i) bench.wait();
    CHECK(bench.payload() == "coap.no_reply");
  }
  SUBCASE("it is stopped: observe 1, and later notifications are reset") {
    bench.requester.stop(bench.now);
    CHECK(bench.sent() == "510116344a61015b74656d7065726174757265");
    CHECK(bench.requester.finished());
    bench.receive("41457b634a6120ff31");
    CHECK(bench.sent() == "70007b63");
  }
}

TEST_CASE("a resource that cannot be observed is read once") {
  Bench bench(temperature(true), 0x1633, "4a");
  bench.receive("614516334aff31");
  const auto response = bench.requester.take_response();
  REQUIRE(response);
  REQUIRE(*response);
  CHECK(!(*response)->observed);
  CHECK(bench.requester.finished());
}

// RFC 7959, figure 2, with 3 blocks of 16 bytes.
TEST_CASE("the blocks of a large representation") {
  Bench bench(temperature(), 0x0001, "4a");
  bench.sent();
  bench.receive("614500014ac128b108ff30313233343536373839616263646566");
  CHECK(bench.sent() == "430100024a0002bb74656d7065726174757265c110");
  SUBCASE("are put together") {
    bench.receive("634500024a0002d10a18ff30313233343536373839414243444546");
    CHECK(bench.sent() == "430100034a0003bb74656d7065726174757265c120");
    bench.receive("634500034a0003d10a20ff656e64");
    const auto response = bench.requester.take_response();
    REQUIRE(response);
    REQUIRE(*response);
    CHECK(to_string((*response)->payload) == "0123456789abcdef0123456789ABCDEFend");
    CHECK((*response)->content_format == format::link);
  }
  SUBCASE("one that is not the next") {
    bench.receive("634500024a0002d10a20ff656e64");
    CHECK(bench.payload() == "coap.bad_block");
  }
  SUBCASE("one that is shorter than it says") {
    bench.receive("634500024a0002d10a18ff656e64");
    CHECK(bench.payload() == "coap.bad_block");
  }
  SUBCASE("one without its option") {
    bench.receive("634500024a0002ff656e64");
    CHECK(bench.payload() == "coap.bad_block");
  }
  SUBCASE("one with the reserved size") {
    bench.receive("634500024a0002d10a1fff656e64");
    CHECK(bench.payload() == "coap.bad_block");
  }
  SUBCASE("one that is lost is asked for again") {
    bench.wait();
    CHECK(bench.sent() == "430100024a0002bb74656d7065726174757265c110");
  }
  SUBCASE("the resource changes meanwhile: from the start, but not for ever") {
    bench.receive("634500024a00024163d10618ff30313233343536373839616263646566");
    for (const char* id : {"03", "05", "07"}) {
      CHECK(bench.sent() == std::string("410100") + id + "4abb74656d7065726174757265");
      bench.receive(std::string("614500") + id + "4a4162d10608ff30313233343536373839616263646566");
      const std::string next = bench.sent();
      bench.receive("634500" + next.substr(6, 8) + "4163d10618ff30313233343536373839616263646566");
    }
    CHECK(bench.payload() == "coap.bad_block");
  }
}

TEST_CASE("a representation beyond the bound") {
  Timing timing;
  timing.max_body_bytes = 20;
  Bench bench(temperature(), 0x0001, "4a", timing);
  bench.receive("614500014ac128b108ff30313233343536373839616263646566");
  bench.receive("634500024a0002d10a18ff30313233343536373839414243444546");
  CHECK(bench.payload() == "coap.too_large");
}

// libcoap's coap-server-notls 4.3.1, captured: 1500 bytes in two blocks with an ETag and Size2.
TEST_CASE("coap-server's blocks") {
  Request request;
  request.path = "/example_data";
  Bench bench(std::move(request), 0x6750, "01");
  bench.receive("61456750014102d1060e5205dcff" + to_hex(Bytes(1024, 0x78)));
  CHECK(bench.sent() == "4101675001bc6578616d706c655f64617461");
  CHECK(bench.sent() == "43016751016751bc6578616d706c655f64617461c116");
  bench.receive("634567510167514102d106165205dcff" + to_hex(Bytes(476, 0x78)));
  CHECK(bench.payload() == std::string(1500, 'x'));
}
