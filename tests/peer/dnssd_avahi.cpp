// Debian's avahi-daemon 0.8 on the same host and network: our querier finds what avahi offers, and
// avahi-browse finds what our responder offers.
#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <map>

#include "network_namespace.hpp"
#include "peer/avahi.hpp"
#include "protocol/dnssd/responder_station.hpp"
#include "skip.hpp"
#include "unit/job/discover/mdns_listener.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::discover;
using namespace std::chrono_literals;

namespace {

std::size_t count_of(const Observation& seen, IdentityKind kind) {
  std::size_t count = 0;
  for (const Identity& identity : seen.identities) count += identity.kind == kind ? 1 : 0;
  return count;
}

bool is_whole(const Observation& seen) {
  // IPv4 and IPv6, where there is IPv6
  return count_of(seen, IdentityKind::address) >= 1 && count_of(seen, IdentityKind::host) == 1;
}

/// Hears that a service called "Twin" has been announced.
struct Announcement final : dnssd::Station {
  std::promise<void> announced;
  bool heard = false;

  void on_message(dnssd::LinkId, const dnssd::Message& message,
                  const boost::asio::ip::udp::endpoint&, net::TimePoint) override {
    for (const dnssd::Record& record : message.answers) {
      if (heard || !message.response || record.type != dnssd::SRV) continue;
      if (record.name.labels().front() != "Twin") continue;
      heard = true;
      announced.set_value();
    }
  }
  void on_timer(net::TimePoint) override {}
  net::TimePoint next_timer() const override { return net::TimePoint::max(); }
};

}  // namespace

TEST_CASE("our querier finds what avahi offers, no fewer than avahi-browse, and its goodbye") {
  if (const std::string refusal = Avahi::refusal(); !refusal.empty()) AIOT_SKIP(refusal);
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));

  Avahi avahi;
  avahi.add_service("Bulb \xC3\xA9", "_hap._tcp", 5001,
                    "<txt-record>sf=1</txt-record><txt-record>md=Bulb; \\x1b[2J</txt-record>");
  avahi.add_service("Lamp, kitchen.1", "_http._tcp", 8080, "<txt-record>path=/</txt-record>");
  avahi.add_service("Unheard of", "_new-thing._udp", 9, "");
  for (int i = 0; i < 40; ++i) {
    avahi.add_service("Node " + std::to_string(i), "_esphomelib._tcp", 6053 + i,
                      "<txt-record>mac=240ac40000" + std::to_string(10 + i) + "</txt-record>");
  }
  avahi.start("workshop");

  Listener listener;
  std::size_t whole = 0;
  listener.look([&] {
    whole = 0;
    for (const auto& [name, seen] : listener.found) whole += is_whole(seen) ? 1U : 0U;
    return whole >= 43;
  });
  CHECK(whole == 43);
  CHECK(listener.status.state == SourceState::ran);
  CHECK(listener.found.contains("Lamp, kitchen\\.1._http._tcp.local"));
  CHECK(listener.found.contains("Unheard of._new-thing._udp.local"));

  const std::set<std::string> theirs = Avahi::browse();
  CHECK(theirs.size() <= listener.found.size());
  CHECK(!theirs.empty());

  // From here on only changes are news: a goodbye from all.
  bool stopped = false;
  Listener second;
  second.look([&] {
    if (!stopped && second.found.size() == 43) {
      stopped = true;
      avahi.stop();
    }
    return second.gone.size() == 43;
  });
  CHECK(second.gone.size() == 43);
}

TEST_CASE("avahi-browse finds what our responder offers, until its goodbye") {
  if (const std::string refusal = Avahi::refusal(); !refusal.empty()) AIOT_SKIP(refusal);
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  Avahi avahi;
  avahi.start("workshop");

  boost::asio::io_context loop;
  const std::vector<net::Interface> interfaces = *net::list_interfaces();
  const auto links = dnssd::Links::open(loop.get_executor(), net::steady_clock(), interfaces);
  REQUIRE(links->receives_groups());
  const std::vector<dnssd::Offer> offers = {
      {"Virtual lamp", "_hap._tcp", 5001, {{"sf", "1"}, {"md", "Lamp"}}, {}},
      {"Virtual plug", "_matterc._udp", 5540, {{"D", "840"}, {"CM", "1"}}, {"_L840"}}};
  auto station = dnssd::ResponderStation::make(links, interfaces, dnssd::Name("virtual.local"),
                                               offers, 1, net::steady_clock().now());
  REQUIRE(station.has_value());
  links->start(*station);
  std::jthread runner([&] { loop.run(); });

  const std::set<std::string> wanted = {"Virtual\\032lamp;_hap._tcp",
                                        "Virtual\\032plug;_matterc._udp"};
  std::set<std::string> seen;
  for (int i = 0; i < 20 && seen != wanted; ++i) seen = Avahi::browse();
  CHECK(seen == wanted);

  boost::asio::post(loop, [&] { (*station)->say_goodbye(); });
  for (int i = 0; i < 20 && !seen.empty(); ++i) seen = Avahi::browse();
  CHECK(seen.empty());
  boost::asio::post(loop, [&] { links->close(); });
}

TEST_CASE("names that avahi has are left to it, and it leaves ours to us") {
  if (const std::string refusal = Avahi::refusal(); !refusal.empty()) AIOT_SKIP(refusal);
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  const std::set<std::string> avahi_first = {"Twin;_hap._tcp", "Twin\\032\\0402\\041;_hap._tcp"};
  const std::set<std::string> ours_first = {"Twin;_hap._tcp", "Twin\\032\\0352;_hap._tcp"};
  for (const bool avahi_is_first : {true, false}) {
    CAPTURE(avahi_is_first);
    Avahi avahi;
    avahi.add_service("Twin", "_hap._tcp", 5001, "<txt-record>sf=1</txt-record>");
    if (avahi_is_first) {
      avahi.start("workshop");
      std::set<std::string> seen;
      for (int i = 0; i < 20 && seen.empty(); ++i) seen = Avahi::browse();
      REQUIRE(seen == std::set<std::string>{"Twin;_hap._tcp"});
    }
    boost::asio::io_context loop;
    const std::vector<net::Interface> interfaces = *net::list_interfaces();
    const auto links = dnssd::Links::open(loop.get_executor(), net::steady_clock(), interfaces);
    REQUIRE(links->receives_groups());
    auto station = dnssd::ResponderStation::make(links, interfaces, dnssd::Name("workshop.local"),
                                                 {{"Twin", "_hap._tcp", 5002, {{"sf", "0"}}, {}}},
                                                 1, net::steady_clock().now());
    REQUIRE(station.has_value());
    std::map<std::string, std::string> renamed;
    (*station)->on_renamed(
        [&](const std::string& from, const std::string& to) { renamed[from] = to; });
    const auto ears = dnssd::Links::open(loop.get_executor(), net::steady_clock(), interfaces);
    const auto heard = std::make_shared<Announcement>();
    ears->start(heard);
    links->start(*station);
    std::jthread runner([&] { loop.run(); });
    if (!avahi_is_first) {
      // When ours has been announced, and not before.
      heard->announced.get_future().wait();
      avahi.start("workshop");
    }
    const auto& wanted = avahi_is_first ? avahi_first : ours_first;
    std::set<std::string> seen;
    for (int i = 0; i < 20 && seen != wanted; ++i) seen = Avahi::browse();
    CHECK(seen == wanted);
    boost::asio::post(loop, [&] {
      (*station)->say_goodbye();
      links->close();
      ears->close();
    });
    runner.join();
    if (avahi_is_first) {
      // The host's name is the same, and so are its addresses: that is no conflict.
      CHECK(renamed == std::map<std::string, std::string>{{"Twin", "Twin (2)"}});
    } else {
      CHECK(renamed.empty());
    }
  }
}
