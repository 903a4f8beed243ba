// The CoAP source with this tree's server on the loopback interface.
#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "job/listen/source.hpp"
#include "protocol/coap/server.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::listen;
using namespace std::chrono_literals;
namespace asio = net::asio;

namespace {

/// A server whose resource changes when the test wants it to.
class Sensor final : public net::DatagramEngine {
 public:
  coap::Server server;
  std::optional<Bytes> next_value;

  void on_datagram(net::TimePoint now, const net::Datagram& datagram) override {
    server.on_datagram(now, datagram);
  }
  std::optional<net::TimePoint> next_timer() const override {
    return net::steady_clock().now() + 2ms;
  }
  void on_timer(net::TimePoint now) override {
    server.on_timer(now);
    if (next_value) server.set_value(now, "/sensors/temp", *std::exchange(next_value, {}));
  }
  std::optional<net::OutgoingDatagram> take_output() override { return server.take_output(); }
};

/// A server, and one source that listens to it until it ends or the test has seen enough.
struct Bench {
  asio::io_context loop;
  Sensor sensor;
  std::uint16_t port = 0;
  Request request;
  std::vector<Message> messages;
  std::optional<Result<void>> ended;

  Bench() {
    net::UdpOptions options;
    options.bind = asio::ip::address_v4::loopback();
    auto opened = net::UdpSocket::open(loop.get_executor(), options);
    REQUIRE(opened);
    const auto socket = std::make_shared<net::UdpSocket>(*std::move(opened));
    port = socket->port();
    const auto work = [this, socket]() -> asio::awaitable<void> {
      const Result<void> served = co_await net::serve_datagrams(*socket, sensor, net::steady_clock());
      static_cast<void>(served);
    };
    asio::co_spawn(loop, work, asio::detached);
  }

  /// `on_message` may change the server, and says whether that was enough.
  void run(const std::string& path, const std::function<bool()>& on_message) {
    const auto address = parse_address("coap://127.0.0.1:" + std::to_string(port) + path);
    REQUIRE(address);
    auto source = make_source(*address, request);
    REQUIRE(source);
    asio::cancellation_signal cancel;
    SourceContext context{request, net::steady_clock(),
                          [&](Message message) {
                            messages.push_back(std::move(message));
                            if (on_message()) cancel.emit(asio::cancellation_type::terminal);
                          },
                          [](const std::string&, const std::string&, const std::string&) {},
                          nullptr};
    const auto work = [&]() -> net::Task<void> {
      co_await asio::this_coro::throw_if_cancelled(false);
      Result<void> result = co_await (*source)->run(context);
      co_return result;
    };
    asio::co_spawn(loop, work,
                   asio::bind_cancellation_slot(
                       cancel.slot(), [&](const std::exception_ptr& thrown, Result<void> result) {
                         CHECK(!thrown);
                         ended = std::move(result);
                       }));
    const auto limit = std::chrono::steady_clock::now() + 30s;
    while (!ended && loop.run_one_until(limit) != 0) {
    }
    REQUIRE(ended);
  }
};

coap::Resource resource(std::string path, bool observable) {
  coap::Resource out;
  out.path = std::move(path);
  out.observable = observable;
  out.value = {'1'};
  return out;
}

}  // namespace

TEST_CASE("an observed resource is told at once and whenever it changes, also in blocks") {
  Bench bench;
  bench.sensor.server.add(resource("/sensors/temp", true));
  std::vector<std::string> values = {"2", std::string("\0\xff", 2), std::string(2500, 'x')};
  std::size_t next = 0;
  bench.run("/sensors/temp", [&] {
    CHECK(bench.sensor.server.observer_count() == 1);
    if (next == values.size()) return true;
    const std::string& value = values[next++];
    bench.sensor.next_value.emplace(value.begin(), value.end());
    return false;
  });
  REQUIRE(bench.messages.size() == 4);
  CHECK(bench.messages[0].payload == "1");
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(bench.messages[i + 1].payload == values[i]);
  REQUIRE(bench.messages[0].coap.find("code") != nullptr);
  CHECK(*bench.messages[0].coap.find("code")->string() == "2.05");
  REQUIRE(!*bench.ended);
  CHECK(bench.ended->error().condition() == Condition::cancelled);
  // Whoever leaves says so.
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (bench.sensor.server.observer_count() != 0 && bench.loop.run_one_until(limit) != 0) {
  }
  CHECK(bench.sensor.server.observer_count() == 0);
}

TEST_CASE("what cannot be observed is read once; what is not there is an error") {
  Bench bench;
  bench.sensor.server.add(resource("/plain", false));
  SUBCASE("not observable") {
    bench.run("/plain", [] { return false; });
    CHECK(bench.messages.size() == 1);
    CHECK(bench.ended->error().stable_code() == "coap.not_observable");
  }
  SUBCASE("not there") {
    bench.run("/none?page=2", [] { return false; });
    CHECK(bench.messages.empty());
    CHECK(bench.ended->error().message() == "4.04: the request was refused");
  }
}
