#include "protocol/dnssd/responder.hpp"

#include <doctest/doctest.h>

#include <set>

#include "captures.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::dnssd;
using namespace std::chrono_literals;
using boost::asio::ip::make_address;
using net::TimePoint;

namespace {

const TimePoint start{1h};

Record address(const std::string& name, const std::string& ip) {
  return {Name(name), A, true, 120, make_address(ip).to_v4().to_bytes()};
}

Message decoded(std::string_view hex) { return *decode(*from_hex(hex)); }

/// What avahi probed for when captures.hpp was made, on another port when that is asked for.
std::vector<Record> services(std::uint16_t lamp_port = 8080) {
  const Offer lamp{"Lamp, kitchen",
                   "_http._tcp",
                   lamp_port,
                   {{"path", "/"}, {"novalue", std::nullopt}, {"empty", ""}},
                   {}};
  const Offer bulb{"Bulb \xC3\xA9",
                   "_hap._tcp",
                   5001,
                   {{"id", "AA:BB:CC:DD:EE:01"}, {"sf", "1"}, {"md", "Bulb"}, {"ci", "5"}},
                   {}};
  auto responder = Responder::make(Name("workshop.local"), {}, {lamp, bulb}, 1, start);
  REQUIRE(responder);
  return responder->unique();
}

/// A prober and its time.
struct Bench {
  explicit Bench(std::vector<Record> records, std::vector<Record> friends = {})
      : prober(std::move(records), std::move(friends), 1, start) {}
  Prober prober;
  TimePoint now = start;

  /// When it has sent a packet, until `elapsed`, after the start.
  std::vector<std::pair<net::Duration, Message>> run_to(net::Duration elapsed) {
    std::vector<std::pair<net::Duration, Message>> out;
    while (prober.next_timer() <= start + elapsed) {
      now = prober.next_timer();
      prober.on_timer(now);
      for (const Bytes& payload : prober.take_output())
        out.emplace_back(now - start, *decode(payload));
    }
    now = start + elapsed;
    return out;
  }
  void hear(const Message& message) { prober.on_message(message, now); }
};

std::set<std::string> records(const std::vector<Record>& list) {
  std::set<std::string> out;
  for (const Record& record : list) {
    Message one;
    one.answers.push_back(record);
    out.insert(to_hex(encode(one)));
  }
  return out;
}

std::set<std::string> names(const Message& message) {
  std::set<std::string> out;
  for (const Question& question : message.questions) {
    CHECK(question.type == ANY);
    out.insert(question.name.text());
  }
  return out;
}

}  // namespace

TEST_CASE("it asks what avahi asks, three times, a quarter of a second apart") {
  Bench bench(services());
  const auto sent = bench.run_to(2s);
  REQUIRE(sent.size() == 3);
  CHECK(sent[0].first < 250ms);
  CHECK(sent[1].first == sent[0].first + 250ms);
  CHECK(sent[2].first == sent[1].first + 250ms);
  CHECK(bench.prober.is_free());
  CHECK(bench.prober.next_timer() == TimePoint::max());
  const Message avahi = decoded(capture::probe);
  for (const auto& [at, probe] : sent) {
    CHECK_FALSE(probe.response);
    CHECK(names(probe) == names(avahi));
    CHECK(records(probe.authorities) == records(avahi.authorities));
  }
}

TEST_CASE("the names are free only when a last quarter of a second was quiet") {
  Bench bench(services());
  const auto sent = bench.run_to(749ms);
  CHECK(sent.size() == 3);
  CHECK_FALSE(bench.prober.is_free());
}

TEST_CASE("a name that somebody has announced is taken") {
  Bench bench(services(9090));  // the bulb is the same as avahi's, the lamp another
  bench.run_to(300ms);
  bench.hear(decoded(capture::announcement));
  REQUIRE(bench.prober.taken().size() == 1);
  CHECK(bench.prober.taken()[0].text() == "Lamp, kitchen._http._tcp.local");
}

TEST_CASE("an empty TXT record is heard with an empty string in it") {
  const Record own{Name("Gadget._coap._udp.local"), TXT, true, 4500, Strings{}};
  Message heard;
  heard.response = true;
  heard.answers = {own};
  heard = *decode(encode(heard));
  Bench bench({own});
  bench.hear(heard);
  CHECK(bench.prober.taken().empty());
}

TEST_CASE("what this host says on its other links is nobody else's") {
  const Record here = address("workshop.local", "10.77.0.1");
  const Record there = address("workshop.local", "10.78.0.1");
  Message heard;
  heard.response = true;
  heard.answers = {there};
  Bench alone({here});
  alone.hear(heard);
  CHECK(alone.prober.taken().size() == 1);
  Bench both({here}, {there});
  both.hear(heard);
  CHECK(both.prober.taken().empty());
  heard.answers.front().ttl_s = 0;  // a goodbye
  alone = Bench({here});
  alone.hear(heard);
  CHECK(alone.prober.taken().empty());
}

// The example of RFC 6762, section 8.2.1: of 169.254.99.200 and 169.254.200.50 the second wins.
TEST_CASE("of two that probe at once the one with the later data goes on") {
  const Record first = address("MyPrinter.local", "169.254.99.200");
  const Record second = address("MyPrinter.local", "169.254.200.50");
  const auto probe_of = [](const Record& record) {
    Message message;
    message.questions.push_back({record.name, ANY, true});
    message.authorities.push_back(record);
    return message;
  };
  Bench loser({first});
  CHECK(loser.run_to(260ms).size() >= 1);
  loser.hear(probe_of(second));
  CHECK(loser.prober.taken().empty());
  CHECK(loser.prober.next_timer() == loser.now + 1s);
  CHECK(loser.run_to(3s).size() == 3);  // once more from the beginning
  CHECK(loser.prober.is_free());

  Bench winner({second});
  const auto sent = winner.run_to(260ms).size();
  winner.hear(probe_of(first));
  winner.hear(probe_of(second));  // its own, heard back
  CHECK(sent + winner.run_to(3s).size() == 3);
}

TEST_CASE("the next name") {
  CHECK(next_service_label("Lamp") == "Lamp (2)");
  CHECK(next_service_label("Lamp (2)") == "Lamp (3)");
  CHECK(next_service_label("Lamp (99)") == "Lamp (100)");
  CHECK(next_service_label("Lamp (one)") == "Lamp (one) (2)");
  CHECK(next_service_label("Lamp (1)") == "Lamp (1) (2)");
  CHECK(next_host_label("lamp") == "lamp-2");
  CHECK(next_host_label("lamp-2") == "lamp-3");
  CHECK(next_host_label("lamp-a1") == "lamp-a1-2");
  // 63 bytes are all that fits; characters stay whole.
  const std::string longest(63, 'x');
  CHECK(next_service_label(longest) == std::string(59, 'x') + " (2)");
  CHECK(next_service_label(std::string(58, 'x') + "\xC3\xA9" + "xxx") ==
        std::string(58, 'x') + " (2)");
}
