#include "protocol/dnssd/querier.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "captures.hpp"

using namespace aiot;
using namespace aiot::dnssd;
using namespace std::chrono_literals;
using net::TimePoint;
using Lines = std::vector<std::string>;

template <>
struct doctest::StringMaker<Lines> {
  static doctest::String convert(const Lines& lines) {
    std::string text;
    for (const std::string& line : lines) text += "\n  " + line;
    return text.c_str();
  }
};

namespace {

Message message(std::string_view hex) { return *decode(*from_hex(hex)); }

std::string type_text(std::uint16_t type) {
  switch (type) {
    case A: return "A";
    case AAAA: return "AAAA";
    case PTR: return "PTR";
    case SRV: return "SRV";
    case TXT: return "TXT";
    default: return std::to_string(type);
  }
}

/// A querier on virtual time, which tells what it did as text.
struct Bench {
  TimePoint start{1h};
  TimePoint now = start;
  Querier querier;
  std::vector<std::string> done;
  std::vector<Message> sent;

  explicit Bench(std::vector<Name> types = {})
      : querier(QuerierOptions{std::move(types), 3}, start) {}

  void take() {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - start).count();
    for (const Querier::Action& action : querier.take_actions()) {
      std::string text = std::to_string(ms) + " ";
      if (const auto* send = std::get_if<Querier::Send>(&action)) {
        CHECK(send->payload.size() <= 1452);
        sent.push_back(*decode(send->payload));
        text += send->unicast ? "QU" : "QM";
        for (const Question& q : sent.back().questions) {
          CHECK(q.unicast == send->unicast);
          text += " " + type_text(q.type) + " " + q.name.text();
        }
        for (const Record& r : sent.back().answers) {
          text += " known " + std::get<Pointer>(r.data).target.labels().front() + " " +
                  std::to_string(r.ttl_s);
        }
        if (sent.back().truncated) text += " more follow";
      } else if (const auto* changed = std::get_if<Querier::Changed>(&action)) {
        const Service& s = changed->service;
        text += "found " + s.label() + " " + s.type() + " " + s.host.text() + ":" +
                std::to_string(s.port) + " " + std::to_string(s.attributes.size()) + " attributes";
        for (const IpAddress& address : s.addresses) {
          text += " " + (address.is_v4() ? address.to_string()
                                         : "v6%" + std::to_string(address.to_v6().scope_id()));
        }
      } else {
        text += "gone " + std::get<Querier::Gone>(action).service.label();
      }
      done.push_back(text);
    }
  }
  void hear(const Message& heard, const IpAddress& sender = {}) {
    querier.on_message(heard, now, sender);
    take();
  }
  /// Lets time pass, with each timer at its moment.
  void run_to(net::Duration elapsed) {
    const TimePoint end = start + elapsed;
    while (querier.next_timer() <= end) {
      now = std::max(now, querier.next_timer());
      querier.on_timer(now);
      take();
    }
    now = end;
  }
  std::vector<std::string> take_done() { return std::exchange(done, {}); }
};

Message response(std::vector<Record> answers) {
  Message out;
  out.response = true;
  out.answers = std::move(answers);
  return out;
}
Record ptr(const std::string& name, const std::string& target, std::uint32_t ttl_s = 4500) {
  return Record{Name(name), PTR, false, ttl_s, Pointer{Name(target)}};
}
Record srv(const std::string& name, std::uint16_t port, const std::string& host,
           std::uint32_t ttl_s = 120) {
  return Record{Name(name), SRV, true, ttl_s, Location{0, 0, port, Name(host)}};
}
Record a(const std::string& name, Ipv4 address, std::uint32_t ttl_s = 120) {
  return Record{Name(name), A, true, ttl_s, address};
}

}  // namespace

TEST_CASE("questions go out at once, for all to hear soon after, and then ever more seldom") {
  Bench bench({Name("_hap._tcp.local")});
  bench.run_to(8s);
  const std::string both = "PTR _hap._tcp.local PTR _services._dns-sd._udp.local";
  CHECK(bench.take_done() == Lines{"0 QU " + both, "200 QM " + both, "1200 QM " + both,
                                   "3200 QM " + both, "7200 QM " + both});
  bench.run_to(24h);
  CHECK(bench.take_done().size() < 50);
}

TEST_CASE("an announcement is found as it is heard, whoever asked") {
  Bench bench;
  bench.run_to(0s);
  bench.take_done();
  bench.hear(message(capture::announcement));
  CHECK(bench.take_done() ==
        Lines{"0 found Bulb \xC3\xA9 _hap._tcp workshop.local:5001 4 attributes 10.77.0.1 v6%3",
              "0 found Lamp, kitchen _http._tcp workshop.local:8080 3 attributes 10.77.0.1 v6%3"});
  // Nothing is left to ask but who else there is, and that once more with what is known.
  bench.run_to(300ms);
  CHECK(
      bench.take_done() ==
      Lines{"10 QU PTR _hap._tcp.local PTR _http._tcp.local",
            "200 QM PTR _services._dns-sd._udp.local known _http 4499 known _hap 4499",
            "210 QM PTR _hap._tcp.local PTR _http._tcp.local known Bulb \xC3\xA9 4499 known Lamp, "
            "kitchen 4499"});
  // The same again is no news.
  bench.hear(message(capture::announcement));
  CHECK(bench.take_done().empty());
}

TEST_CASE("a service is told at its name, and again with each thing that is learned") {
  Bench bench;
  bench.run_to(0s);
  bench.take_done();
  bench.hear(response({ptr("_services._dns-sd._udp.local", "_x._udp.local")}));
  bench.run_to(10ms);
  CHECK(bench.take_done() == Lines{"10 QU PTR _x._udp.local"});
  bench.hear(response({ptr("_x._udp.local", "One._x._udp.local")}));
  CHECK(bench.take_done() == Lines{"10 found One _x._udp :0 0 attributes"});
  bench.run_to(20ms);
  CHECK(bench.take_done() == Lines{"20 QU TXT One._x._udp.local SRV One._x._udp.local"});
  bench.hear(response({srv("one._x._udp.local", 9, "box.local")}));
  CHECK(bench.take_done() == Lines{"20 found One _x._udp box.local:9 0 attributes"});
  bench.run_to(30ms);
  CHECK(bench.take_done() == Lines{"30 QU A box.local AAAA box.local"});
  bench.hear(response({a("BOX.local", {10, 0, 0, 9})}));
  CHECK(bench.take_done() == Lines{"30 found One _x._udp box.local:9 0 attributes 10.0.0.9"});
  // What has been answered is not asked again; what has not is, five times in all.
  bench.run_to(60s);
  int txt = 0;
  int aaaa = 0;
  for (const std::string& line : bench.take_done()) {
    CHECK(line.find("SRV") == std::string::npos);
    CHECK(line.find(" A ") == std::string::npos);
    if (line.find("TXT") != std::string::npos) ++txt;
    if (line.find("AAAA") != std::string::npos) ++aaaa;
  }
  CHECK(txt == 4);
  CHECK(aaaa == 4);
}

TEST_CASE("a goodbye ends a service a second later; a new address takes the old one's place") {
  Bench bench;
  bench.hear(response({ptr("_x._udp.local", "One._x._udp.local"),
                       srv("One._x._udp.local", 9, "box.local"), a("box.local", {10, 0, 0, 9})}));
  bench.run_to(5s);
  bench.take_done();
  bench.hear(response({a("box.local", {10, 0, 0, 10})}));
  bench.run_to(6s);
  const Lines moved = bench.take_done();
  REQUIRE(moved.size() == 2);
  CHECK(moved[0] == "5000 found One _x._udp box.local:9 0 attributes 10.0.0.9 10.0.0.10");
  CHECK(moved[1] == "6000 found One _x._udp box.local:9 0 attributes 10.0.0.10");
  bench.hear(response({ptr("_x._udp.local", "One._x._udp.local", 0)}));
  CHECK(bench.take_done().empty());
  bench.run_to(7s);
  CHECK(bench.take_done() == Lines{"7000 gone One"});
  bench.hear(response({ptr("_x._udp.local", "One._x._udp.local")}));
  CHECK(bench.take_done() == Lines{"7000 found One _x._udp box.local:9 0 attributes 10.0.0.10"});
}

TEST_CASE("what is known is asked for again before it expires, and is gone when nobody answers") {
  Bench bench({Name("_x._udp.local")});
  bench.run_to(4s);
  bench.hear(response({ptr("_x._udp.local", "One._x._udp.local", 100),
                       srv("One._x._udp.local", 9, "box.local", 4500)}));
  bench.run_to(83s);
  bench.take_done();
  bench.run_to(110s);
  Lines asked;
  for (const std::string& line : bench.take_done()) {
    if (line.find("PTR _x.") != std::string::npos || line.find("gone") != std::string::npos) {
      asked.push_back(line.substr(0, line.find(" known")));
    }
  }
  CHECK(asked == Lines{"84000 QM PTR _x._udp.local", "89000 QM PTR _x._udp.local",
                       "94000 QM PTR _x._udp.local", "99000 QM PTR _x._udp.local",
                       "104000 gone One"});
}

TEST_CASE("answers to a port of our own are short-lived, and not taken for known") {
  Bench bench({Name("_http._tcp.local")});
  bench.run_to(0s);
  bench.take_done();
  bench.hear(message(capture::legacy_answer));
  CHECK(bench.take_done() == Lines{"0 found Lamp, kitchen _http._tcp workshop.local:8080 3 "
                                   "attributes 10.77.0.1 v6%3"});
  bench.run_to(300ms);
  CHECK(bench.take_done() == Lines{"200 QM PTR _http._tcp.local PTR _services._dns-sd._udp.local"});
}

TEST_CASE("known answers that do not fit in a packet follow in others") {
  Bench bench({Name("_x._udp.local")});
  bench.run_to(0s);
  std::vector<Record> many;
  for (int i = 0; i < 100; ++i) {
    many.push_back(ptr("_x._udp.local", "Device number " + std::to_string(i) + "._x._udp.local"));
  }
  bench.hear(response(many));
  bench.sent.clear();
  bench.run_to(200ms);
  std::size_t known = 0;
  std::vector<bool> more;
  for (const Message& sent : bench.sent) {
    if (sent.answers.empty()) continue;
    known += sent.answers.size();
    more.push_back(sent.truncated);
  }
  CHECK(known == 100);
  REQUIRE(more.size() > 1);
  CHECK(!more.back());
  more.pop_back();
  CHECK(std::all_of(more.begin(), more.end(), [](bool m) { return m; }));
}

TEST_CASE("questions of others, refusals and made-up records change nothing") {
  Bench bench;
  bench.run_to(0s);
  bench.take_done();
  bench.hear(message(capture::probe));
  Message refusal = message(capture::announcement);
  refusal.rcode = 3;
  bench.hear(refusal);
  bench.hear(response(
      {ptr("_services._dns-sd._udp.local", "box.local"), ptr("9.0.0.10.in-addr.arpa", "box.local"),
       ptr("_x._udp.local", "_services._dns-sd._udp.local"),
       ptr("_x._udp.local", "One._y._udp.local", 0), srv("box.local", 1, "box.local")}));
  bench.run_to(50ms);
  CHECK(bench.take_done().empty());
  // A subtype leads to an instance of its base type (RFC 6763 section 7.1).
  bench.hear(response({ptr("_S15._sub._matterc._udp.local", "B75A._matterc._udp.local")}));
  bench.run_to(60ms);
  CHECK(bench.take_done() == Lines{"60 QU PTR _matterc._udp.local"});
}

TEST_CASE("a flood of names costs no more than its bound") {
  Bench bench;
  for (int i = 0; i < 300; ++i) {
    std::vector<Record> flood;
    for (int k = 0; k < 100; ++k) {
      const std::string n = std::to_string(i * 100 + k);
      flood.push_back(ptr("_t" + n + "._udp.local", "X" + n + "._t" + n + "._udp.local"));
      flood.push_back(ptr("_services._dns-sd._udp.local", "_u" + n + "._udp.local"));
    }
    bench.querier.on_message(response(std::move(flood)), bench.now);
  }
  CHECK(bench.querier.take_actions().size() <= 4096);
  bench.querier.on_timer(bench.now + 1s);
  CHECK(bench.querier.take_actions().size() < 400);
}

TEST_CASE("hosts of one name: each service has its own sender's address") {
  Bench bench;
  bench.run_to(0s);
  bench.take_done();
  const auto announce = [&](const std::string& label, std::uint8_t last) {
    Message heard = response({ptr("_x._udp.local", label + "._x._udp.local"),
                              srv(label + "._x._udp.local", 9, "dch.local"),
                              a("dch.local", {10, 0, 0, last})});
    bench.hear(heard, boost::asio::ip::address_v4({10, 0, 0, last}));
  };
  announce("One", 1);
  announce("Two", 2);
  bench.run_to(5s);  // the flush has taken the first address
  announce("Two", 2);
  std::string all;
  for (const std::string& line : bench.take_done()) all += line + "\n";
  CHECK(all.find("found One _x._udp dch.local:9 0 attributes 10.0.0.1") != std::string::npos);
  CHECK(all.find("found Two _x._udp dch.local:9 0 attributes 10.0.0.2") != std::string::npos);
  CHECK(all.find("found One _x._udp dch.local:9 0 attributes 10.0.0.1 10.0.0.2") == std::string::npos);
  CHECK(all.find("found One _x._udp dch.local:9 0 attributes 10.0.0.2") == std::string::npos);
  // A reflector's copy says nothing new.
  bench.hear(response({srv("One._x._udp.local", 9, "dch.local"), a("dch.local", {10, 0, 0, 1})}),
             boost::asio::ip::address_v4({10, 0, 0, 254}));
  for (const std::string& line : bench.take_done()) CHECK(line.find("found One") == std::string::npos);
}

TEST_CASE("an instance that moves from host to host leaves nothing behind") {
  Bench bench;
  bench.hear(response({ptr("_x._udp.local", "One._x._udp.local", 100'000)}));
  constexpr int moves = 3000;
  for (int i = 0; i < moves; ++i) {
    bench.hear(response({srv("One._x._udp.local", 9, "h" + std::to_string(i) + ".local")}));
    bench.run_to(bench.now - bench.start + 2s);
  }
  // There is room to ask for the last one's address: not for those of the others.
  const Lines done = bench.take_done();
  CHECK(std::any_of(done.begin(), done.end(), [](const std::string& line) {
    return line.find("A h2999.local") != std::string::npos;
  }));
  bench.run_to(bench.now - bench.start + 10min);
  for (const std::string& line : bench.take_done())
    CHECK(line.find(" h1.local") == std::string::npos);
}
