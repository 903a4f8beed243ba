#include "net/udp.hpp"

#include <doctest/doctest.h>
#include <net/if.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "network_namespace.hpp"
#include "real_loop.hpp"
#include "show.hpp"
#include "skip.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;
using asio::ip::make_address;
using asio::ip::udp;

namespace {

const asio::ip::address mdns_v4 = make_address("224.0.0.251");
const asio::ip::address mdns_v6 = make_address("ff02::fb");
const asio::ip::address local_v4 = make_address("127.0.0.1");

struct Fixture {
  asio::io_context context;

  UdpSocket open(const UdpOptions& options = {}) {
    Result<UdpSocket> socket = UdpSocket::open(context.get_executor(), options);
    REQUIRE(socket);
    return *std::move(socket);
  }
  Result<Datagram> receive(UdpSocket& socket, std::chrono::milliseconds time = 10s) {
    return run_real(context, [&] { return socket.receive(in(time)); });
  }
  /// The next datagram's text, "nothing" when none is there.
  std::string text(UdpSocket& socket, std::chrono::milliseconds time = 10s) {
    Result<Datagram> datagram = receive(socket, time);
    return datagram ? to_string(datagram->payload) : "nothing";
  }
  /// What is on its way to `socket` within the machine is there already.
  std::string text_now(UdpSocket& socket) { return text(socket, 1ms); }
};

UdpOptions shared(std::uint16_t port, bool v6 = false) {
  UdpOptions options;
  options.v6 = v6;
  options.port = port;
  options.share_port = true;
  return options;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a socket of one interface") {
  UdpOptions options;
  options.interface = "lo";
  UdpSocket socket = open(options);
  UdpSocket other = open();
  REQUIRE(other.send({local_v4, socket.port()}, as_bytes("to it")));
  CHECK(text(socket) == "to it");
  options.interface = "no-such-interface-0";
  const auto none = UdpSocket::open(context.get_executor(), options);
  REQUIRE(!none);
  CHECK(none.error().code == Errc::not_found);
}

TEST_CASE_FIXTURE(Fixture, "a datagram goes from one socket to another") {
  UdpSocket sender = open();
  UdpSocket receiver = open();
  CHECK(sender.port() != 0);
  CHECK(sender.port() != receiver.port());
  CHECK(sender.send({local_v4, receiver.port()}, as_bytes("hello")));
  Result<Datagram> got = receive(receiver);
  REQUIRE(got);
  CHECK(to_string(got->payload) == "hello");
  CHECK(got->from == udp::endpoint(local_v4, sender.port()));
  CHECK(got->to == udp::endpoint(local_v4, receiver.port()));
  CHECK(got->interface == ::if_nametoindex("lo"));
}

TEST_CASE_FIXTURE(Fixture, "empty and largest datagrams keep their size; beyond it is an error") {
  UdpSocket sender = open();
  UdpSocket receiver = open();
  const udp::endpoint to(local_v4, receiver.port());
  CHECK(sender.send(to, {}));
  CHECK(sender.send(to, Bytes(65507, 0x5A)));
  Result<Datagram> empty = receive(receiver);
  REQUIRE(empty);
  CHECK(empty->payload.empty());
  Result<Datagram> large = receive(receiver);
  REQUIRE(large);
  CHECK(large->payload == Bytes(65507, 0x5A));
  CHECK(!sender.send(to, Bytes(65508)));
}

TEST_CASE_FIXTURE(Fixture, "waiting ends at the deadline, by a cancellation, and by close") {
  UdpSocket socket = open();
  Result<Datagram> late = receive(socket, 5ms);
  REQUIRE(!late);
  CHECK(late.error().code == Errc::timed_out);

  asio::cancellation_signal signal;
  Result<Datagram> cancelled = make_error(Errc::script);
  bool done = false;
  asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        co_await asio::this_coro::throw_if_cancelled(false);
        cancelled = co_await socket.receive(TimePoint::max());
      },
      asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { done = true; }));
  asio::post(context, [&] { signal.emit(asio::cancellation_type::all); });
  context.restart();
  while (!done && context.run_one_for(10s) != 0) {
  }
  REQUIRE(!cancelled);
  CHECK(cancelled.error().code == Errc::cancelled);

  asio::post(context, [&] { socket.close(); });
  Result<Datagram> closed = receive(socket);
  REQUIRE(!closed);
  CHECK(closed.error().code == Errc::link_lost);
  socket.close();
  CHECK(!receive(socket));
  CHECK(!socket.send({local_v4, 9}, as_bytes("x")));
}

TEST_CASE_FIXTURE(Fixture, "a flood ends with the deadline too, and lets others run") {
  UdpSocket sender = open();
  UdpSocket receiver = open();
  for (int i = 0; i < 500; ++i) {
    REQUIRE(sender.send({local_v4, receiver.port()}, as_bytes("flood")));
  }
  bool others_ran = false;
  int got = 0;
  Result<void> drained = run_real(context, [&]() -> Task<void> {
    asio::post(context, [&] { others_ran = true; });
    while (!others_ran) {
      Result<Datagram> datagram = co_await receiver.receive(in(10s));
      AIOT_CO_CHECK(std::move(datagram));
      ++got;
    }
    co_return Result<void>();
  });
  CHECK(drained);
  CHECK(got < 500);
  Result<Datagram> late =
      run_real(context, [&] { return receiver.receive(steady_clock().now() - 1ms); });
  REQUIRE(!late);
  CHECK(late.error().code == Errc::timed_out);
}

TEST_CASE_FIXTURE(Fixture, "a port in use is busy unless both share it") {
  UdpSocket alone = open();
  Result<UdpSocket> second = UdpSocket::open(context.get_executor(), shared(alone.port()));
  REQUIRE(!second);
  CHECK(second.error().code == Errc::port_busy);
  CHECK(second.error().hint.find("another program") != std::string::npos);
  UdpSocket first = open(shared(0));
  CHECK(open(shared(first.port())).port() == first.port());
}

TEST_CASE_FIXTURE(Fixture, "a datagram to a port where nobody listens is lost, no more") {
  UdpSocket gone = open();
  const udp::endpoint nobody(local_v4, gone.port());
  gone.close();
  UdpSocket socket = open();
  CHECK(socket.send(nobody, as_bytes("1")));
  CHECK(socket.send(nobody, as_bytes("2")));
  CHECK(text_now(socket) == "nothing");
}

TEST_CASE_FIXTURE(Fixture, "multicast is heard on the interface that joined, by all who share") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  REQUIRE(network.add_interface("dev1", "10.78.0.1/24"));
  const unsigned dev0 = ::if_nametoindex("dev0");
  const unsigned dev1 = ::if_nametoindex("dev1");
  for (const asio::ip::address& group : {mdns_v4, mdns_v6}) {
    const bool v6 = group.is_v6();
    UdpSocket one = open(shared(5353, v6));
    UdpSocket two = open(shared(5353, v6));
    UdpSocket not_joined = open(shared(5353, v6));
    UdpSocket elsewhere = open(shared(5353, v6));
    CHECK(one.join(group, dev0));
    CHECK(one.join(group, dev0));
    CHECK(two.join(group, dev0));
    CHECK(elsewhere.join(group, dev1));
    CHECK(!one.join(group, 9999));

    UdpOptions any;
    any.v6 = v6;
    UdpSocket sender = open(any);
    CHECK(sender.send({group, 5353}, as_bytes("query"), dev0));
    Result<Datagram> got = receive(one);
    REQUIRE(got);
    CHECK(to_string(got->payload) == "query");
    CHECK(got->to == udp::endpoint(group, 5353));
    CHECK(got->interface == dev0);
    CHECK(got->from.port() == sender.port());
    if (v6) {
      CHECK(got->from.address().to_v6().is_link_local());
      CHECK(got->from.address().to_v6().scope_id() == dev0);
    } else {
      CHECK(got->from.address() == make_address("10.77.0.1"));
    }
    CHECK(text(two) == "query");
    CHECK(text_now(not_joined) == "nothing");
    CHECK(text_now(elsewhere) == "nothing");

    CHECK(sender.send({group, 5353}, as_bytes("other"), dev1));
    CHECK(text(elsewhere) == "other");
    CHECK(text_now(one) == "nothing");
  }
}

TEST_CASE_FIXTURE(Fixture, "a socket bound to the group leaves unicast to the daemon beside it") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  const unsigned dev0 = ::if_nametoindex("dev0");
  UdpSocket daemon = open(shared(5353));
  UdpOptions to_group = shared(5353);
  to_group.bind = mdns_v4;
  UdpSocket listener = open(to_group);
  CHECK(listener.join(mdns_v4, dev0));
  UdpSocket sender = open();
  for (int i = 0; i < 20; ++i) {
    UdpSocket other = open();  // the kernel chooses by the source's port, too
    CHECK(other.send({make_address("10.77.0.1"), 5353}, as_bytes("unicast")));
    CHECK(text(daemon) == "unicast");
  }
  CHECK(text_now(listener) == "nothing");
  CHECK(sender.send({mdns_v4, 5353}, as_bytes("group"), dev0));
  CHECK(text(listener) == "group");
  // It asks from the well-known port, with an address of the interface.
  CHECK(daemon.join(mdns_v4, dev0));
  CHECK(listener.send({mdns_v4, 5353}, as_bytes("question"), dev0));
  Result<Datagram> question = receive(daemon);
  REQUIRE(question);
  CHECK(to_string(question->payload) == "question");
  CHECK(question->from == udp::endpoint(make_address("10.77.0.1"), 5353));
}

TEST_CASE_FIXTURE(Fixture, "a socket bound to an IPv6 group of one link hears that link alone") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  REQUIRE(network.add_interface("dev1", "10.78.0.1/24"));
  const unsigned dev0 = ::if_nametoindex("dev0");
  asio::ip::address_v6 scoped = mdns_v6.to_v6();
  scoped.scope_id(dev0);
  UdpOptions options = shared(5353, true);
  options.bind = scoped;
  UdpSocket listener = open(options);
  CHECK(listener.join(scoped, dev0));
  UdpOptions any;
  any.v6 = true;
  UdpSocket sender = open(any);
  CHECK(sender.send({mdns_v6, 5353}, as_bytes("elsewhere"), ::if_nametoindex("dev1")));
  CHECK(sender.send({mdns_v6, 5353}, as_bytes("here"), dev0));
  CHECK(text(listener) == "here");
}

TEST_CASE_FIXTURE(Fixture, "a broadcast leaves by the interface that is named") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  const unsigned dev0 = ::if_nametoindex("dev0");
  UdpSocket receiver = open();
  UdpOptions options;
  options.broadcast = true;
  UdpSocket sender = open(options);
  const udp::endpoint everyone(asio::ip::address_v4::broadcast(), receiver.port());
  CHECK(sender.send(everyone, as_bytes("hello"), dev0));
  Result<Datagram> got = receive(receiver);
  REQUIRE(got);
  CHECK(got->interface == dev0);
  CHECK(got->from.address() == make_address("10.77.0.1"));
  UdpSocket unfit = open();
  Result<void> refused = unfit.send(everyone, as_bytes("hello"), dev0);
  CHECK(!refused);
}
