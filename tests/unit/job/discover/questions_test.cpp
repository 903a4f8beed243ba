#include <doctest/doctest.h>

#include <map>
#include <string>

#include "job/discover/udp.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::discover;
using namespace std::chrono_literals;
using net::asio::ip::make_address;

namespace {

const net::TimePoint begin{std::chrono::hours(1)};

Questions questions() {
  return {[](unsigned round) { return Bytes{static_cast<std::uint8_t>(round)}; }, 54321, begin};
}

/// Everything that is asked until `end`: address -> rounds.
std::map<std::string, std::string> asked_until(Questions& questions, net::Duration end) {
  std::map<std::string, std::string> out;
  while (questions.next() <= begin + end) {
    for (const auto& q : questions.take(questions.next())) {
      CHECK(q.to.port() == 54321);
      out[q.to.address().to_string()] += std::to_string(q.payload.at(0)) + " ";
    }
  }
  return out;
}

std::string code_of(const std::string& text) {
  const auto subnet = Subnet::parse(text);
  return subnet ? std::to_string(subnet->size()) : subnet.error().stable_code();
}

}  // namespace

TEST_CASE("a subnet's addresses are those that devices can have") {
  const auto home = Subnet::parse("192.168.1.0/24");
  REQUIRE(home);
  CHECK(home->size() == 254);
  CHECK(home->at(0).to_string() == "192.168.1.1");
  CHECK(home->at(253).to_string() == "192.168.1.254");
  CHECK(Subnet::parse("192.168.1.77/24")->at(0).to_string() == "192.168.1.1");
  CHECK(Subnet::parse("10.0.0.4/31")->at(1).to_string() == "10.0.0.5");
  CHECK(Subnet::parse("10.0.0.4")->at(0).to_string() == "10.0.0.4");
  CHECK(code_of("10.0.0.4/32") == "1");
  CHECK(code_of("10.0.0.0/16") == "65534");
  for (const char* text : {"10.0.0.0/15", "10.0.0.0/0", "10.0.0.0/33", "10.0.0.0/", "10.0.0/24",
                           "host/24", "", "fe80::/64", "10.0.0.0/24 "}) {
    CHECK_MESSAGE(code_of(text) == "discover.bad_subnet", text);
  }
  CHECK(!parse_subnets(std::vector<std::string>{"10.0.0.0/24", "x"}));
  CHECK(parse_subnets(std::vector<std::string>{"10.0.0.0/24", "10.0.1.0/24"})->size() == 2);
}

TEST_CASE("hosts and groups are asked at once, twice more soon, and then each minute") {
  Questions all = questions();
  CHECK(all.next() == net::TimePoint::max());
  all.add(make_address("224.0.1.187"), 3);
  all.add(make_address("10.0.0.1"));
  CHECK(all.next() == begin);
  const auto first = all.take(begin);
  REQUIRE(first.size() == 2);
  CHECK(first[0].interface == 3);
  CHECK(all.take(begin).empty());
  CHECK(all.next() == begin + 500ms);
  CHECK(asked_until(all, 1500ms)["10.0.0.1"] == "1 2 ");
  CHECK(all.next() == begin + 61500ms);
  CHECK(all.addresses() == 0);
}

TEST_CASE("a subnet is walked twice, slowly enough, and again each minute") {
  Questions all = questions();
  all.add(*Subnet::parse("10.0.0.0/24"));
  all.add(*Subnet::parse("10.0.9.9"));
  CHECK(all.addresses() == 255);
  CHECK(all.take(begin).size() == Questions::step);
  CHECK(all.asked() == Questions::step);
  CHECK(all.next() == begin + Questions::pace);
  auto asked = asked_until(all, 100ms);
  CHECK(all.asked() == 255);
  CHECK(asked.size() == 255 - Questions::step);
  CHECK(all.next() == begin + 1s);
  asked = asked_until(all, 10s);
  CHECK(asked.size() == 255);
  CHECK(asked["10.0.0.1"] == "1 ");
  CHECK(asked["10.0.9.9"] == "1 ");
  CHECK(all.asked() == 255);
  CHECK(all.next() == begin + 61s);
}

TEST_CASE("the largest subnet takes its time") {
  Questions all = questions();
  all.add(*Subnet::parse("10.7.0.0/16"));
  asked_until(all, 3s);
  CHECK(all.asked() > 11000);
  CHECK(all.asked() < 13000);
  asked_until(all, 17s);
  CHECK(all.asked() == 65534);
}

TEST_CASE("a document that cannot be fetched is tried three times, a minute apart; others once") {
  Fetches fetches;
  int tries = 0;
  for (int second = 0; second < 600; ++second) {
    const net::TimePoint now = begin + std::chrono::seconds(second);
    if (!fetches.begin("uuid:1 http://10.0.0.9/", now)) continue;
    ++tries;
    CHECK(!fetches.begin("uuid:1 http://10.0.0.9/", now));
    fetches.ended("uuid:1 http://10.0.0.9/", false, now);
  }
  CHECK(tries == 3);
  REQUIRE(fetches.begin("uuid:2 http://10.0.0.9/", begin));
  fetches.ended("uuid:2 http://10.0.0.9/", true, begin);
  CHECK(!fetches.begin("uuid:2 http://10.0.0.9/", begin + 24h));
}

TEST_CASE("fetches are bounded at a time and in all") {
  Fetches fetches;
  const auto key = [](int i) { return "uuid:" + std::to_string(i); };
  int begun = 0;
  while (begun < 100 && fetches.begin(key(begun), begin)) ++begun;
  CHECK(begun == 16);
  for (int i = 0; i < begun; ++i) fetches.ended(key(i), true, begin);
  int all = begun;
  for (; all < 10'000 && fetches.begin(key(all), begin); ++all)
    fetches.ended(key(all), true, begin);
  CHECK(all == 4096);
}
