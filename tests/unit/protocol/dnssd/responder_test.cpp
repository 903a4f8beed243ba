#include "protocol/dnssd/responder.hpp"

#include <doctest/doctest.h>

#include "captures.hpp"
#include "protocol/dnssd/querier.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::dnssd;
using namespace std::chrono_literals;
using boost::asio::ip::make_address;
using boost::asio::ip::udp;
using net::TimePoint;

namespace {

const udp::endpoint asker(make_address("10.77.0.9"), 5353);
const udp::endpoint legacy_asker(make_address("10.77.0.9"), 40000);

/// A responder that offers what avahi offered when captures.hpp was made.
struct Bench {
  TimePoint start{1h};
  TimePoint now = start;
  Responder responder = make();

  Responder make() {
    const Offer lamp{"Lamp, kitchen",
                     "_http._tcp",
                     8080,
                     {{"path", "/"}, {"novalue", std::nullopt}, {"empty", ""}},
                     {}};
    const Offer bulb{"Bulb \xC3\xA9",
                     "_hap._tcp",
                     5001,
                     {{"id", "AA:BB:CC:DD:EE:01"}, {"sf", "1"}, {"md", "Bulb"}, {"ci", "5"}},
                     {}};
    Result<Responder> out = Responder::make(
        Name("workshop.local"), {make_address("10.77.0.1"), make_address("fe80::ff:fe00:1")},
        {lamp, bulb}, 1, start);
    REQUIRE(out);
    return *std::move(out);
  }
  void ask(std::string_view hex, const udp::endpoint& from) {
    responder.on_message(*decode(*from_hex(hex)), from, now);
  }
  void ask(const Message& message, const udp::endpoint& from = asker) {
    responder.on_message(message, from, now);
  }
  /// What it sends until `elapsed`, each with its time.
  std::vector<std::pair<net::Duration, Message>> run_to(net::Duration elapsed) {
    std::vector<std::pair<net::Duration, Message>> out;
    const auto take = [&] {
      for (const Responder::Send& send : responder.take_output()) {
        out.emplace_back(now - start, *decode(send.payload));
      }
    };
    take();
    while (responder.next_timer() <= start + elapsed) {
      now = std::max(now, responder.next_timer());
      responder.on_timer(now);
      take();
    }
    now = start + elapsed;
    return out;
  }
};

Message question(const std::string& name, std::uint16_t type, bool unicast = false) {
  Message out;
  out.questions.push_back(Question{Name(name), type, unicast});
  return out;
}

/// A record as text, to compare sets of them.
std::set<std::string> records(const std::vector<Record>& list) {
  std::set<std::string> out;
  for (const Record& record : list) {
    Message one;
    one.answers.push_back(record);
    out.insert(to_hex(encode(one)));
  }
  return out;
}

}  // namespace

TEST_CASE("it announces what avahi announces, twice, a second apart") {
  Bench bench;
  const auto sent = bench.run_to(10s);
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].first == 0s);
  CHECK(sent[1].first == 1s);
  const Message avahi = *decode(*from_hex(capture::announcement));
  CHECK(records(sent[0].second.answers) == records(avahi.answers));
  CHECK(sent[0].second.response);
  CHECK(sent[0].second.authoritative);
  CHECK(sent[0].second.additionals.empty());
}

TEST_CASE("a question from another port gets avahi's answer back, by unicast") {
  Bench bench;
  bench.run_to(5s);
  bench.ask(capture::legacy_query, legacy_asker);
  const auto output = bench.responder.take_output();
  REQUIRE(output.size() == 1);
  CHECK(output[0].to == legacy_asker);
  const Message got = *decode(output[0].payload);
  const Message avahi = *decode(*from_hex(capture::legacy_answer));
  CHECK(got.id == avahi.id);
  REQUIRE(got.questions.size() == 1);
  CHECK(got.questions[0].name == avahi.questions[0].name);
  // Where avahi puts everything among the answers, the rest is additional here.
  std::vector<Record> all = got.answers;
  all.insert(all.end(), got.additionals.begin(), got.additionals.end());
  CHECK(records(all) == records(avahi.answers));
}

TEST_CASE("what avahi-browse knows already is not repeated to it") {
  Bench bench;
  bench.run_to(5s);
  // It asks for the enumeration, _http._tcp and _hap._tcp, and knows all four answers.
  bench.ask(capture::browse_query, asker);
  CHECK(bench.run_to(6s).empty());
  Message less = *decode(*from_hex(capture::browse_query));
  less.answers.pop_back();
  bench.ask(less);
  const auto sent = bench.run_to(7s);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].second.answers.size() == 1);
}

TEST_CASE("shared records wait a little for others, unique ones do not") {
  Bench bench;
  bench.run_to(5s);
  bench.ask(question("_hap._tcp.local", PTR));
  bench.ask(question("_hap._tcp.local", PTR));
  auto sent = bench.run_to(6s);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].first >= 5020ms);
  CHECK(sent[0].first < 5120ms);
  CHECK(sent[0].second.answers.size() == 1);
  CHECK(sent[0].second.additionals.size() == 4);  // SRV, TXT, A, AAAA
  bench.ask(question("WORKSHOP.local", A));
  sent = bench.run_to(6001ms);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].first == 6s);
  // Not again within a second, whoever asks (RFC 6762 section 6).
  bench.ask(question("workshop.local", A));
  sent = bench.run_to(8s);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].first == 7s);
  bench.ask(question("other.local", A));
  CHECK(bench.run_to(9s).empty());
}

TEST_CASE("with QU the answer goes to who asked; ANY gets every record of a name") {
  Bench bench;
  bench.run_to(5s);
  bench.ask(question("Lamp, kitchen._http._tcp.local", ANY, true));
  const auto output = bench.responder.take_output();
  REQUIRE(output.size() == 1);
  CHECK(output[0].to == asker);
  const Message got = *decode(output[0].payload);
  CHECK(got.answers.size() == 2);
  CHECK(got.answers[0].ttl_s == 120);
  CHECK(got.questions.empty());
}

TEST_CASE("a question with more known answers to come waits for them") {
  Bench bench;
  bench.run_to(5s);
  Message first = question("_hap._tcp.local", PTR);
  first.truncated = true;
  bench.ask(first);
  CHECK(bench.run_to(5300ms).empty());
  Message rest;
  rest.answers.push_back(Record{Name("_hap._tcp.local"), PTR, false, 4000,
                                Pointer{Name("Bulb \xC3\xA9._hap._tcp.local")}});
  bench.ask(rest);
  CHECK(bench.run_to(6s).empty());
}

TEST_CASE("a goodbye withdraws everything, and ends it") {
  Bench bench;
  bench.run_to(5s);
  bench.responder.say_goodbye();
  bench.responder.say_goodbye();
  const auto sent = bench.run_to(5s);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].second.answers.size() == 10);
  for (const Record& record : sent[0].second.answers) CHECK(record.ttl_s == 0);
  bench.ask(capture::legacy_query, legacy_asker);
  bench.ask(question("workshop.local", A));
  CHECK(bench.run_to(100s).empty());
}

TEST_CASE("names that do not fit in DNS are refused") {
  const auto make = [](const std::string& label, const std::string& type) {
    return Responder::make(Name("a.local"), {}, {Offer{label, type, 1, {}, {}}}, 1, TimePoint());
  };
  CHECK(make("x", "_a._tcp"));
  CHECK(!make(std::string(64, 'x'), "_a._tcp"));
  CHECK(!make("", "_a._tcp"));
  CHECK(!make("x", "a..b"));
}

// Both ends of this project, which may share a mistake: only that nothing is left over is shown.
TEST_CASE("a querier hears a responder out: every service, its end, and then silence") {
  Bench bench;
  bench.run_to(5s);
  Querier querier({{}, 0}, bench.now);
  std::set<std::string> found;
  std::set<std::string> gone;
  int packets = 0;
  const TimePoint end = bench.now + 60s;
  bool said_goodbye = false;
  while (bench.now < end) {
    const TimePoint limit = said_goodbye ? end : end - 10s;
    bench.now = std::min({limit, querier.next_timer(), bench.responder.next_timer()});
    if (!said_goodbye && bench.now == limit) {
      said_goodbye = true;
      bench.responder.say_goodbye();
    }
    querier.on_timer(bench.now);
    bench.responder.on_timer(bench.now);
    for (const Querier::Action& action : querier.take_actions()) {
      if (const auto* send = std::get_if<Querier::Send>(&action)) {
        bench.ask(*decode(send->payload), send->unicast ? legacy_asker : asker);
        ++packets;
      } else if (const auto* changed = std::get_if<Querier::Changed>(&action)) {
        const Service& s = changed->service;
        if (!s.addresses.empty() && !s.attributes.empty()) found.insert(s.instance.text());
      } else {
        gone.insert(std::get<Querier::Gone>(action).service.instance.text());
      }
    }
    for (const Responder::Send& send : bench.responder.take_output()) {
      querier.on_message(*decode(send.payload), bench.now);
    }
  }
  CHECK(found.size() == 2);
  CHECK(gone == found);
  CHECK(packets < 30);
}
