#include "protocol/coap/server.hpp"

#include <doctest/doctest.h>

#include "protocol/coap/requester.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::coap;
using namespace std::chrono_literals;
using net::asio::ip::make_address;
using net::asio::ip::udp;

namespace {

const udp::endpoint client{make_address("10.0.0.7"), 40000};

struct Bench {
  net::TimePoint now{std::chrono::hours(1)};
  Server server{0x7B50};

  Bench() {
    server.add({"/sensors/temp",
                {{"rt", "temperature-c"}, {"if", "sensor"}},
                format::text,
                true,
                15s,
                to("18.5 Cel")});
    server.add({"/sensors/light", {{"rt", "light-lux"}}, format::text, false, 60s, to("81")});
  }
  static Bytes to(std::string_view text) { return {text.begin(), text.end()}; }

  void receive(std::string_view hex, std::string_view group = "10.0.0.1") {
    net::Datagram datagram;
    datagram.from = client;
    datagram.to = {make_address(group), 5683};
    datagram.payload = *from_hex(hex);
    server.on_datagram(now, datagram);
  }
  std::string sent() {
    const auto out = server.take_output();
    return out ? to_hex(out->payload) : "";
  }
};

std::string payload_of(const std::string& hex) {
  const Bytes bytes = *from_hex(hex);
  const Result<MessageView> message = decode(bytes);
  return message ? code_text(message->code) + " " + to_string(message->payload) : "broken";
}

constexpr const char* all_links =
    "2.05 </sensors/temp>;rt=\"temperature-c\";if=\"sensor\";obs,</sensors/light>;rt=\"light-lux\"";

constexpr const char* get_core = "410100014abb2e77656c6c2d6b6e6f776e04636f7265";

}  // namespace

TEST_CASE("/.well-known/core lists what there is, filtered as the query says (RFC 6690, 4)") {
  Bench bench;
  bench.receive(get_core);
  const std::string reply = bench.sent();
  CHECK(reply.starts_with("614500014ac128ff"));
  CHECK(payload_of(reply) == all_links);
  // ?rt=light-lux
  bench.receive("410100024abb2e77656c6c2d6b6e6f776e04636f72654c72743d6c696768742d6c7578");
  CHECK(payload_of(bench.sent()) == "2.05 </sensors/light>;rt=\"light-lux\"");
  // ?rt=none: an answer to one who asked, silence to a group
  bench.receive("410100034abb2e77656c6c2d6b6e6f776e04636f72654772743d6e6f6e65");
  CHECK(payload_of(bench.sent()) == "2.05 ");
  bench.receive("510100044abb2e77656c6c2d6b6e6f776e04636f72654772743d6e6f6e65", "224.0.1.187");
  CHECK(bench.sent() == "");
}

TEST_CASE("a group's question is answered without confirmation, and only with what was found") {
  Bench bench;
  bench.receive("510100014abb2e77656c6c2d6b6e6f776e04636f7265", "224.0.1.187");
  const std::string reply = bench.sent();
  CHECK(reply.starts_with("51457b504a"));
  CHECK(payload_of(reply) == all_links);
  bench.receive("510100024ab178", "ff02::fd");
  CHECK(bench.sent() == "");
  bench.receive("510100024ab178");
  CHECK(payload_of(bench.sent()) == "4.04 ");
}

TEST_CASE("refusals") {
  Bench bench;
  bench.receive("400300010774656d70");  // if-none-match is broken as an option: ignored
  CHECK(bench.sent() == "");
  bench.receive("40030001b773656e736f7273056c69676874");
  CHECK(bench.sent() == "60850001");
  bench.receive("40010002b773656e736f7273056c69676874 61 28 ");  // accept: link format
  CHECK(bench.sent() == "60860002");
  bench.receive("400100039100 2773656e736f7273056c69676874");  // OSCORE
  CHECK(bench.sent() == "60820003");
  bench.receive("40000004");  // ping
  CHECK(bench.sent() == "70000004");
  bench.receive("60450005ff31");  // a response
  bench.receive("ff");
  CHECK(bench.sent() == "");
}

TEST_CASE("an observer is told, again while it does not acknowledge, until it resets or is gone") {
  Bench bench;
  // GET /sensors/temp with observe 0 and token 4a
  bench.receive("410116334a60 5773656e736f7273 0474656d70");
  CHECK(bench.sent() == "614516334a610260210fff31382e352043656c");
  CHECK(bench.server.observer_count() == 1);
  bench.receive("410116344a60 5773656e736f7273 0474656d70");  // once more: still one
  bench.sent();
  CHECK(bench.server.observer_count() == 1);

  bench.server.set_value(bench.now, "/sensors/temp", Bench::to("19.2 Cel"));
  const std::string told = bench.sent();
  CHECK(told == "41457b504a610360210fff31392e322043656c");
  CHECK(bench.server.next_timer() == bench.now + 2s);

  SUBCASE("acknowledged") {
    bench.receive("60007b50");
    CHECK(!bench.server.next_timer());
    CHECK(bench.server.observer_count() == 1);
  }
  SUBCASE("reset") {
    bench.receive("70007b50");
    CHECK(bench.server.observer_count() == 0);
    CHECK(!bench.server.next_timer());
  }
  SUBCASE("silent: told five times in all, then forgotten") {
    for (int i = 0; i < 4; ++i) {
      bench.now = *bench.server.next_timer();
      bench.server.on_timer(bench.now);
      CHECK(bench.sent() == told);
    }
    bench.now = *bench.server.next_timer();
    bench.server.on_timer(bench.now);
    CHECK(bench.server.observer_count() == 0);
    CHECK(bench.sent() == "");
  }
  SUBCASE("it says that it has enough") {
    bench.receive("410116354a6101 5773656e736f7273 0474656d70");
    CHECK(payload_of(bench.sent()) == "2.05 19.2 Cel");
    CHECK(bench.server.observer_count() == 0);
  }
}

TEST_CASE("a silent observer is forgotten after five datagrams, however often the value changes") {
  Bench bench;
  bench.receive("410116334a60 5773656e736f7273 0474656d70");
  bench.sent();
  int told = 0;
  int seconds = 0;
  for (; bench.server.observer_count() > 0 && seconds < 600; ++seconds) {
    bench.now += 1s;
    bench.server.on_timer(bench.now);
    bench.server.set_value(bench.now, "/sensors/temp", Bench::to(std::to_string(seconds)));
    while (!bench.sent().empty()) ++told;
  }
  CHECK(told == 5);
  CHECK(seconds == 1 + 2 + 4 + 8 + 16 + 32);  // RFC 7252, 4.8.2: MAX_TRANSMIT_WAIT without jitter
}

TEST_CASE("a newer value waits for the acknowledgement, or goes in place of the next repetition") {
  Bench bench;
  bench.receive("410116334a60 5773656e736f7273 0474656d70");
  bench.sent();
  bench.server.set_value(bench.now, "/sensors/temp", Bench::to("1"));
  CHECK(bench.sent() == "41457b504a610360210fff31");
  bench.server.set_value(bench.now, "/sensors/temp", Bench::to("2"));
  bench.server.set_value(bench.now, "/sensors/temp", Bench::to("3"));
  CHECK(bench.sent() == "");
  SUBCASE("acknowledged") { bench.receive("60007b50"); }
  SUBCASE("repeated") {
    bench.now += 2s;
    bench.server.on_timer(bench.now);
  }
  CHECK(bench.sent() == "41457b514a610560210fff33");
  bench.receive("60007b51");
  CHECK(!bench.server.next_timer());
  CHECK(bench.sent() == "");
}

TEST_CASE("observers are bounded; what cannot be observed is only read") {
  Bench bench;
  for (std::size_t i = 0; i < 2 * Server::max_observers; ++i) {
    const std::string token = to_hex(Bytes{static_cast<std::uint8_t>(i)});
    bench.receive("41010001" + token + "605773656e736f7273 0474656d70");
    CHECK(payload_of(bench.sent()) == "2.05 18.5 Cel");
  }
  CHECK(bench.server.observer_count() == Server::max_observers);
  bench.receive("41010002aa605773656e736f7273 056c69676874");
  CHECK(bench.sent() == "61450002aac0ff3831");
}

// What libcoap's coap-client-notls 4.3.1 sends, captured.
TEST_CASE("coap-client's questions") {
  Bench bench;
  bench.receive("41012b8b017216444b2e77656c6c2d6b6e6f776e04636f7265");
  CHECK(payload_of(bench.sent()) == all_links);
  bench.receive("41012e5201721644476e6f7468696e67");
  CHECK(bench.sent() == "61842e5201");
  // its second block of 1024 bytes
  bench.server.add({"/example_data", {}, format::text, false, 60s, Bytes(1500, 0x78)});
  bench.receive("41016750017216444c6578616d706c655f64617461");
  CHECK(bench.sent().substr(0, 20) == "6145675001c0b10eff78");
  bench.receive("47016751020000000000027216444c6578616d706c655f64617461c116");
  const std::string second = bench.sent();
  CHECK(second.substr(0, 32) == "6745675102000000000002c0b116ff78");
  CHECK(second.size() == 2 * (15 + 476));
  bench.receive("47016752020000000000027216444c6578616d706c655f64617461c126");
  CHECK(payload_of(bench.sent()) == "4.00 ");
}

// The two ends of this folder, which see each other's mistakes only where the captures do not.
TEST_CASE("a requester and a server") {
  Bench bench;
  bench.server.add({"/large", {}, format::octets, true, 15s, Bytes(3000, 0x41)});
  Request request;
  request.path = "/large";
  request.observe = true;
  Requester requester(std::move(request), RandomIds{7, {1, 2, 3, 4}, 1});
  requester.start(bench.now);
  const auto carry = [&] {
    for (bool moved = true; moved;) {
      moved = false;
      while (const auto out = requester.take_output()) {
        net::Datagram datagram;
        datagram.from = client;
        datagram.to = {make_address("10.0.0.1"), 5683};
        datagram.payload = *out;
        bench.server.on_datagram(bench.now, datagram);
        moved = true;
      }
      while (const auto out = bench.server.take_output()) {
        requester.on_datagram(bench.now, out->payload);
        moved = true;
      }
    }
  };
  carry();
  auto response = requester.take_response();
  REQUIRE(response);
  REQUIRE(*response);
  CHECK((*response)->payload == Bytes(3000, 0x41));
  CHECK((*response)->observed);
  CHECK(bench.server.observer_count() == 1);
  bench.server.set_value(bench.now, "/large", Bytes(2500, 0x42));
  carry();
  response = requester.take_response();
  REQUIRE(response);
  REQUIRE(*response);
  CHECK((*response)->payload == Bytes(2500, 0x42));
  CHECK(!bench.server.next_timer());
  requester.stop(bench.now);
  carry();
  CHECK(bench.server.observer_count() == 0);
}
