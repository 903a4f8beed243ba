// Limits of the HTTP server, on sockets of this machine: each deadline holds while the peer sends.
#include "net/http_server.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;
using asio::ip::tcp;

namespace {

/// A server on a loop of its own thread; it answers with `answer` bytes.
struct Scene {
  explicit Scene(HttpLimits limits, std::size_t answer = 2) {
    HttpServer::Acceptor acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    port = acceptor.local_endpoint().port();
    server = std::make_shared<HttpServer>(loop.get_executor(), steady_clock(), limits,
                                          [answer](const HttpMessage&, const HttpPeer&) {
                                            HttpReply reply;
                                            reply.message = http_response(200);
                                            reply.message.body.assign(answer, 'x');
                                            return reply;
                                          });
    server->listen(std::move(acceptor));
    thread = std::thread([this] { loop.run(); });
  }
  ~Scene() {
    asio::co_spawn(
        loop,
        [this]() -> asio::awaitable<void> {
          const Result<void> stopped = co_await server->stop(steady_clock().now());
          CHECK(stopped.has_value());
        },
        asio::detached);
    thread.join();
  }
  HttpCounters counters() {
    std::promise<HttpCounters> promise;
    asio::post(loop, [&] { promise.set_value(server->counters()); });
    return promise.get_future().get();
  }
  tcp::socket connect() {
    tcp::socket socket(other);
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
    const timeval patience{20, 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return socket;
  }

  asio::io_context loop{1};
  asio::io_context other{1};
  std::uint16_t port = 0;
  std::shared_ptr<HttpServer> server;
  std::thread thread;
};

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

/// All that comes until the other end closes.
std::size_t read_all(tcp::socket& socket) {
  std::size_t total = 0;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = ::recv(socket.native_handle(), buffer.data(), buffer.size(), 0);
    REQUIRE((got >= 0 || errno == ECONNRESET));
    if (got <= 0) return total;
    total += static_cast<std::size_t>(got);
  }
}

/// Waits until the other end has closed or reset the connection; false when it has not in time.
bool ends_within(tcp::socket& socket, std::chrono::milliseconds time) {
  pollfd waited{socket.native_handle(), POLLRDHUP, 0};
  return ::poll(&waited, 1, static_cast<int>(time.count())) == 1;
}

/// Sends a byte of `text` every 50 ms until the other end has had enough; how long that took.
Duration dribble(tcp::socket& socket, std::string_view text) {
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < 400; ++i) {
    if (::send(socket.native_handle(), &text[i % text.size()], 1, MSG_NOSIGNAL) != 1) break;
    if (ends_within(socket, 50ms)) break;
  }
  return std::chrono::steady_clock::now() - begin;
}

}  // namespace

TEST_CASE("a request that never ends, and an idle connection") {
  HttpLimits limits;
  limits.request = 300ms;
  limits.idle = 300ms;
  Scene scene(limits);
  tcp::socket slow = scene.connect();
  CHECK(dribble(slow, "G") < 10s);
  tcp::socket idle = scene.connect();
  ::send(idle.native_handle(), get.data(), get.size(), MSG_NOSIGNAL);
  CHECK(read_all(idle) > 2);  // the answer, then the end
}

TEST_CASE("a reader that does not read") {
  HttpLimits limits;
  limits.least_period = 300ms;
  Scene scene(limits, 32 << 20);
  tcp::socket socket = scene.connect();
  ::send(socket.native_handle(), get.data(), get.size(), MSG_NOSIGNAL);
  // A connection whose window is full may not show its end.
  const auto begin = std::chrono::steady_clock::now();
  while (scene.counters().timed_out == 0 && std::chrono::steady_clock::now() - begin < 20s) {
    if (ends_within(socket, 50ms)) break;
  }
  CHECK(scene.counters().timed_out == 1);
  CHECK(read_all(socket) < (32u << 20));
}

TEST_CASE("all places taken: one that asks for nothing makes room") {
  HttpLimits limits;
  limits.connections = 2;
  Scene scene(limits);
  std::array<tcp::socket, 3> sockets = {scene.connect(), scene.connect(), scene.connect()};
  for (tcp::socket& socket : sockets) {
    ::send(socket.native_handle(), get.data(), get.size(), MSG_NOSIGNAL);
    char byte = 0;
    CHECK(::recv(socket.native_handle(), &byte, 1, 0) == 1);
  }
  CHECK(scene.counters().connections == 2);
  CHECK(read_all(sockets[0]) > 0);
}

TEST_CASE("the last answer: a connection with nothing unread ends at once, one with more lingers") {
  Scene scene(HttpLimits{});
  tcp::socket last = scene.connect();
  constexpr std::string_view bye = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  ::send(last.native_handle(), bye.data(), bye.size(), MSG_NOSIGNAL);
  CHECK(read_all(last) > 2);
  CHECK(scene.counters().connections == 0);  // `last` is still open here

  tcp::socket refused = scene.connect();
  constexpr std::string_view wrong = "GET / HTTP/9.9\r\n\r\n";
  ::send(refused.native_handle(), wrong.data(), wrong.size(), MSG_NOSIGNAL);
  CHECK(read_all(refused) > 2);  // whole, and then the end of what the server sends
  CHECK(scene.counters().connections == 1);
}
