// The mdns source on sockets, in a network of its own; who answers is this project's responder.
// What programs nobody here wrote answer is in tests/peer/dnssd_avahi.cpp.
#include <doctest/doctest.h>
#include <net/if.h>

#include <boost/asio/post.hpp>

#include "mdns_listener.hpp"
#include "network_namespace.hpp"
#include "protocol/dnssd/responder_station.hpp"
#include "seen.hpp"
#include "skip.hpp"

using namespace aiot;
using namespace aiot::discover;

namespace {

/// A virtual plug on every interface, on the listener's loop.
struct Plug {
  explicit Plug(boost::asio::io_context& loop) : interfaces(*net::list_interfaces()) {
    links = dnssd::Links::open(loop.get_executor(), net::steady_clock(), interfaces);
    auto made = dnssd::ResponderStation::make(
        links, interfaces, dnssd::Name("240AC4000001.local"),
        {{"DD200C20D25AE5F7", "_matterc._udp", 5540, {{"D", "840"}, {"CM", "1"}}, {}}}, 1,
        net::steady_clock().now());
    REQUIRE(made.has_value());
    station = *made;
    links->start(station);
  }
  ~Plug() { links->close(); }
  Plug(const Plug&) = delete;
  Plug& operator=(const Plug&) = delete;

  std::vector<net::Interface> interfaces;
  std::shared_ptr<dnssd::Links> links;
  std::shared_ptr<dnssd::ResponderStation> station;
};

const std::string instance = "DD200C20D25AE5F7._matterc._udp.local";

}  // namespace

TEST_CASE("a service on two interfaces is one, with all its addresses, until its goodbye") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  REQUIRE(network.add_interface("dev1", "10.78.0.1/24"));
  Listener listener;
  Plug plug(listener.loop);
  bool left = false;
  listener.look([&] {
    const Observation& seen = listener.found[instance];
    if (!left && has_identity(seen, IdentityKind::address, "10.77.0.1") &&
        has_identity(seen, IdentityKind::address, "10.78.0.1")) {
      left = true;
      plug.station->say_goodbye();
    }
    return !listener.gone.empty();
  });
  CHECK(left);
  CHECK(listener.gone == std::set<std::string>{instance});
  const Observation& seen = listener.found[instance];
  CHECK(has_identity(seen, IdentityKind::mac, "24:0a:c4:00:00:01"));
  CHECK(text_fact(seen, "state") == "unprovisioned");
  for (const Identity& identity : seen.identities) {
    if (identity.kind != IdentityKind::address || !identity.value.starts_with("fe80")) continue;
    CHECK(identity.value.find('%') != std::string::npos);
  }
  CHECK(listener.status.state == SourceState::ran);
  CHECK(listener.status.detail.find("dev0 IPv4") != std::string::npos);
  CHECK(listener.status.detail.find("dev1 IPv4") != std::string::npos);
}

TEST_CASE("only the interfaces that are named are looked at") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  REQUIRE(network.add_interface("dev1", "10.78.0.1/24"));
  Listener listener;
  listener.request.interfaces = {"dev1"};
  Plug plug(listener.loop);
  listener.look(
      [&] { return has_identity(listener.found[instance], IdentityKind::address, "10.78.0.1"); });
  CHECK(!has_identity(listener.found[instance], IdentityKind::address, "10.77.0.1"));
  CHECK(listener.status.detail.find("dev0") == std::string::npos);
}

TEST_CASE("whoever watches hears an interface that comes up later") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  Listener listener;
  listener.request.watch = true;
  std::unique_ptr<Plug> plug;
  listener.look([&] {
    if (!plug) {
      REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
      plug = std::make_unique<Plug>(listener.loop);
    }
    return has_identity(listener.found[instance], IdentityKind::address, "10.77.0.1");
  });
  CHECK(listener.status.detail.find("1 services on dev0 IPv4") != std::string::npos);
}

TEST_CASE("a machine without a network says so; a port held alone is told") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  Listener nothing;
  nothing.look([] { return false; });
  CHECK(nothing.status.state == SourceState::no_adapter);
  CHECK(!nothing.status.hint.empty());

  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  Listener deaf;
  net::UdpOptions alone;
  alone.port = 5353;
  auto holder = net::UdpSocket::open(deaf.loop.get_executor(), alone);
  REQUIRE(holder);
  boost::asio::post(deaf.loop, [] {});
  deaf.look([] { return true; });
  CHECK(deaf.status.state == SourceState::ran);
  CHECK(deaf.status.detail.find("held alone") != std::string::npos);
}
