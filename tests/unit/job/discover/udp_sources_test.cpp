// The sources that ask by UDP, in a network of their own, with the devices' sides of this tree.
#include <doctest/doctest.h>
#include <net/if.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "job/discover/source.hpp"
#include "net/udp.hpp"
#include "network_namespace.hpp"
#include "protocol/alibaba/device_info.hpp"
#include "protocol/coap/server.hpp"
#include "protocol/miio/device.hpp"
#include "protocol/tuya/packet.hpp"
#include "seen.hpp"
#include "skip.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::discover;
using namespace std::chrono_literals;
namespace asio = net::asio;
using asio::ip::make_address;
using asio::ip::udp;

namespace {

/// One source on the machine's clock, until it has seen what the test waits for.
struct Search {
  asio::io_context loop;
  Request request;
  std::vector<Observation> seen;
  std::optional<SourceStatus> status;

  /// A device's side on a port of this network.
  void serve(net::DatagramEngine& engine, std::uint16_t port, const std::string& group = "",
             unsigned interface = 0, const std::string& bind = "") {
    net::UdpOptions options;
    options.port = port;
    options.share_port = true;
    options.v6 = group.find(':') != std::string::npos;
    if (!bind.empty()) options.bind = make_address(bind);
    auto opened = net::UdpSocket::open(loop.get_executor(), options);
    REQUIRE(opened);
    auto socket = std::make_shared<net::UdpSocket>(*std::move(opened));
    if (!group.empty()) REQUIRE(socket->join(make_address(group), interface));
    const auto work = [socket, &engine]() -> asio::awaitable<void> {
      const Result<void> served = co_await net::serve_datagrams(*socket, engine, net::steady_clock());
      static_cast<void>(served);
    };
    asio::co_spawn(loop, work, asio::detached);
  }

  template <class Done>
  void run(std::unique_ptr<Source> source, const Done& done) {
    SourceContext context{request, net::steady_clock(), net::steady_clock().now() + 20s,
                          [&](Observation o) { seen.push_back(std::move(o)); }};
    asio::cancellation_signal cancel;
    const auto work = [&]() -> net::Task<SourceStatus> {
      co_await asio::this_coro::throw_if_cancelled(false);
      Result<SourceStatus> ended = co_await source->run(context);
      co_return ended;
    };
    const auto ended = [&](const std::exception_ptr& thrown, Result<SourceStatus> result) {
      CHECK(!thrown);
      if (result) status = *result;
    };
    asio::co_spawn(loop, work, asio::bind_cancellation_slot(cancel.slot(), ended));
    while (!status && !done() && loop.run_one() != 0) {
    }
    if (!status) cancel.emit(asio::cancellation_type::terminal);
    while (!status && loop.run_one() != 0) {
    }
  }

  const Observation* find(IdentityKind kind, std::string_view value,
                          std::string_view with_fact = "") const {
    for (const Observation& o : seen) {
      if (has_identity(o, kind, value) && (with_fact.empty() || find_fact(o, with_fact).has_value()))
        return &o;
    }
    return nullptr;
  }
};

/// Answers a question on /sys/device/info/get as a Link Kit device does.
class LinkKit final : public net::DatagramEngine {
 public:
  void on_datagram(net::TimePoint, const net::Datagram& datagram) override {
    const auto request = coap::decode(datagram.payload);
    if (!request || request->options.path() != alibaba::info_path) return;
    coap::Message reply;
    reply.type = coap::Type::non_confirmable;
    reply.code = coap::Code::content;
    reply.token.assign(request->token.begin(), request->token.end());
    const std::string text =
        R"({"id":1,"code":200,"data":{"productKey":"a1GQc8iJOWI","deviceName":"kit"}})";
    reply.payload.assign(text.begin(), text.end());
    out_.push_back({datagram.from, coap::encode(reply), datagram.interface});
  }
  std::optional<net::OutgoingDatagram> take_output() override {
    if (out_.empty()) return std::nullopt;
    net::OutgoingDatagram out = out_.back();
    out_.pop_back();
    return out;
  }

 private:
  std::vector<net::OutgoingDatagram> out_;
};

/// Answers GET /.well-known/core with a confirmable message of its own, as RFC 7252 lets it, and
/// keeps what comes back.
class Insistent final : public net::DatagramEngine {
 public:
  void on_datagram(net::TimePoint, const net::Datagram& datagram) override {
    const auto message = coap::decode(datagram.payload);
    if (!message) return;
    if (message->code == coap::Code::empty) return replies.push_back(datagram.payload);
    if (message->code != coap::Code::get) return;
    coap::Message answer;
    answer.type = coap::Type::confirmable;
    answer.code = coap::Code::content;
    answer.id = 0x7D38;
    answer.token.assign(message->token.begin(), message->token.end());
    if (stranger) answer.token.push_back(0);
    answer.add_uint(coap::option::content_format, coap::format::link);
    const std::string_view text = "</light>";
    answer.payload.assign(text.begin(), text.end());
    out_.push_back({datagram.from, coap::encode(answer), 0});
  }
  std::optional<net::OutgoingDatagram> take_output() override {
    if (out_.empty()) return std::nullopt;
    net::OutgoingDatagram out = out_.back();
    out_.pop_back();
    return out;
  }
  std::vector<Bytes> replies;
  bool stranger = false;

 private:
  std::vector<net::OutgoingDatagram> out_;
};

/// Answers the question of Tuya's application as a 3.5 device does: to the asker.
class SilentTuya final : public net::DatagramEngine {
 public:
  void on_datagram(net::TimePoint, const net::Datagram& datagram) override {
    const auto packet = tuya::decode_broadcast(datagram.payload);
    if (!packet || packet->command != 0x25) return;
    const std::string text = R"({"gwId":"silent","ip":"10.77.0.1","version":"3.5"})";
    out_.push_back({datagram.from, Bytes(text.begin(), text.end()), 0});
  }
  std::optional<net::OutgoingDatagram> take_output() override {
    if (out_.empty()) return std::nullopt;
    net::OutgoingDatagram out = out_.back();
    out_.pop_back();
    return out;
  }

 private:
  std::vector<net::OutgoingDatagram> out_;
};

unsigned index_of(const std::string& name) { return ::if_nametoindex(name.c_str()); }

}  // namespace

TEST_CASE("CoAP servers in a group of either family, and the blocks of a large directory") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  Search search;
  coap::Server small;
  small.add({"/time", {{"rt", "ticks"}}, coap::format::text, true, 60s, {}});
  coap::Server large;
  for (int i = 0; i < 50; ++i) {
    large.add({"/resource/of/some/length/" + std::to_string(i), {}, 0, false, 60s, {}});
  }
  const bool has_v6 = network.ip("address add fd00:77::7/64 dev dev0 nodad");
  REQUIRE(network.ip("address add 10.77.0.7/24 dev dev0"));
  search.serve(small, 5683, "224.0.1.187", index_of("dev0"));
  if (has_v6) search.serve(large, 5683, "ff02::fd", index_of("dev0"));
  search.run(make_source("coap"), [&] {
    const bool v4 = search.find(IdentityKind::address, "10.77.0.1") != nullptr;
    const bool v6 = search.find(IdentityKind::address, "fd00:77::7") != nullptr;
    return v4 && (v6 || !has_v6);
  });
  const Observation* v4 = search.find(IdentityKind::address, "10.77.0.1");
  REQUIRE(v4 != nullptr);
  CHECK(v4->addresses == std::vector<std::string>{"coap://10.77.0.1/time"});
  if (has_v6) {
    const Observation* v6 = search.find(IdentityKind::address, "fd00:77::7");
    REQUIRE(v6 != nullptr);
    CHECK(find_fact(*v6, "coap.resources")->array()->size() == 50);
  }
  REQUIRE(search.status);
  CHECK(search.status->state == SourceState::ran);
  CHECK(search.status->detail == "on dev0");
}

TEST_CASE("a confirmable answer to a question to all is acknowledged, a stranger's is not") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  REQUIRE(network.ip("address add 10.77.0.7/24 dev dev0"));
  Search search;
  Insistent device;
  Insistent stranger;
  stranger.stranger = true;
  search.serve(device, 5683, "", 0, "10.77.0.1");
  search.serve(stranger, 5683, "", 0, "10.77.0.7");
  search.run(make_source("coap"), [&] { return !device.replies.empty() && !search.seen.empty(); });
  REQUIRE(!device.replies.empty());
  // RFC 7252, figure 16: version 1, ACK, no token, code 0.00, the message id of what it is for.
  CHECK(device.replies[0] == Bytes{0x60, 0x00, 0x7D, 0x38});
  CHECK(search.find(IdentityKind::address, "10.77.0.1") != nullptr);
  CHECK(search.find(IdentityKind::address, "10.77.0.7") == nullptr);
  CHECK(stranger.replies.empty());
}

TEST_CASE("miIO devices by broadcast; one out of its box is asked what it is") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  Search search;
  miio::DeviceOptions options;
  options.token = *miio::parse_token("00112233445566778899aabbccddeeff");
  miio::Device device(options, net::steady_clock().now());
  search.serve(device, 54321);
  search.run(make_source("miio"), [&] {
    return search.find(IdentityKind::hardware_id, "195948557", "model") != nullptr;
  });
  const Observation* told = search.find(IdentityKind::hardware_id, "195948557", "model");
  REQUIRE(told != nullptr);
  CHECK(text_fact(*told, "model") == "chuangmi.plug.m1");
  CHECK(text_fact(*told, "state") == "unprovisioned");
  CHECK(has_identity(*told, IdentityKind::mac, "34:CE:00:00:00:01"));
}

TEST_CASE("devices of a routed network, which no group and no broadcast reaches") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  // Addresses of another network, on this machine: reached, but by unicast alone.
  REQUIRE(network.ip("address add 10.9.0.200/32 dev lo"));
  Search search;
  search.request.subnets = {"10.9.0.0/24"};
  miio::DeviceOptions options;
  options.provisioned = true;
  miio::Device device(options, net::steady_clock().now());
  coap::Server server;
  LinkKit kit;
  SUBCASE("miIO") {
    search.serve(device, 54321, "", 0, "10.9.0.200");
    search.run(make_source("miio"),
               [&] { return search.find(IdentityKind::address, "10.9.0.200") != nullptr; });
    const Observation* seen = search.find(IdentityKind::address, "10.9.0.200");
    REQUIRE(seen != nullptr);
    CHECK(text_fact(*seen, "state") == "provisioned");
  }
  SUBCASE("CoAP") {
    search.serve(server, 5683, "", 0, "10.9.0.200");
    search.run(make_source("coap"),
               [&] { return search.find(IdentityKind::address, "10.9.0.200") != nullptr; });
    CHECK(search.find(IdentityKind::address, "10.9.0.200") != nullptr);
  }
  SUBCASE("Link Kit") {
    search.serve(kit, 5683, "", 0, "10.9.0.200");
    search.run(make_source("alibaba"), [&] {
      return search.find(IdentityKind::hardware_id, "a1GQc8iJOWI/kit") != nullptr;
    });
    CHECK(search.find(IdentityKind::address, "10.9.0.200") != nullptr);
  }
  REQUIRE(search.status);
  CHECK(search.status->detail.starts_with("on dev0; asked "));
  CHECK(search.status->detail.ends_with(" of 254 addresses"));
}

TEST_CASE("what devices tell unasked: Tuya's broadcasts, Link Kit's notifications") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  Search search;
  net::UdpOptions options;
  options.broadcast = true;
  auto device = net::UdpSocket::open(search.loop.get_executor(), options);
  REQUIRE(device);
  // Once, in the turn after the source's first: by then it listens.
  const auto tell = [&](std::uint16_t port, const std::string& to, Bytes payload) {
    const auto work = [&device, port, to, payload = std::move(payload)]() -> asio::awaitable<void> {
      const auto executor = co_await asio::this_coro::executor;
      co_await asio::post(executor, asio::use_awaitable);
      const Result<void> sent = device->send({make_address(to), port}, payload, index_of("dev0"));
      CHECK(sent);
    };
    asio::co_spawn(search.loop, work, asio::detached);
  };
  SUBCASE("Tuya") {
    const std::string text = R"({"ip":"10.77.0.1","gwId":"0120015260091453a970","version":"3.1"})";
    tell(6666, "255.255.255.255", Bytes(text.begin(), text.end()));
    search.run(make_source("tuya"), [&] { return !search.seen.empty(); });
    CHECK(search.find(IdentityKind::hardware_id, "0120015260091453a970") != nullptr);
    CHECK(search.status->detail == "on dev0");
  }
  SUBCASE("Link Kit, to the network's broadcast address") {
    coap::Message message;
    message.type = coap::Type::non_confirmable;
    message.code = coap::Code::post;
    message.add_path(alibaba::notify_path);
    const std::string text = R"({"params":{"productKey":"a1GQc8iJOWI","deviceName":"kit"}})";
    message.payload.assign(text.begin(), text.end());
    tell(5683, "10.77.0.255", coap::encode(message));
    search.run(make_source("alibaba"), [&] { return !search.seen.empty(); });
    CHECK(search.find(IdentityKind::hardware_id, "a1GQc8iJOWI/kit") != nullptr);
  }
}

TEST_CASE("Tuya devices that are silent until they are asked") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  REQUIRE(network.ip("address add 10.9.0.200/32 dev lo"));
  Search search;
  search.request.subnets = {"10.9.0.0/24"};
  SilentTuya device;
  search.serve(device, 7000, "", 0, "10.9.0.200");
  search.run(make_source("tuya"), [&] { return !search.seen.empty(); });
  CHECK(search.find(IdentityKind::hardware_id, "silent") != nullptr);
  CHECK(search.find(IdentityKind::address, "10.9.0.200") != nullptr);
}

TEST_CASE("a machine without a network says so") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.ip("link set lo down"));
  for (const char* name : {"alibaba", "coap", "miio", "ssdp", "tuya", "wsd"}) {
    Search search;
    CAPTURE(name);
    search.run(make_source(name), [] { return false; });
    REQUIRE(search.status);
    CHECK(search.status->state == SourceState::no_adapter);
    CHECK(!search.status->hint.empty());
  }
}
