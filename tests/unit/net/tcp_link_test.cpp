#include "net/tcp_link.hpp"

#include <doctest/doctest.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "net/link.hpp"
#include "real_loop.hpp"
#include "show.hpp"

using namespace aiot;
using namespace aiot::net;
using namespace std::chrono_literals;
using asio::ip::tcp;

namespace {

struct Fixture {
  asio::io_context context;
  tcp::acceptor acceptor{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::shared_ptr<tcp::socket> served;  // the server's end of the last connection

  std::uint16_t port() const { return acceptor.local_endpoint().port(); }
  /// Accepts one connection and echoes until an 'X', at which it closes.
  void serve_one() {
    asio::co_spawn(
        context,
        [this]() -> asio::awaitable<void> {
          served = std::make_shared<tcp::socket>(context);
          boost::system::error_code error;
          co_await acceptor.async_accept(*served, asio::redirect_error(asio::use_awaitable, error));
          std::array<char, 64> buffer{};
          while (!error) {
            const std::size_t count = co_await served->async_read_some(
                asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
            if (count > 0 && buffer[0] == 'X') break;
            co_await asio::async_write(*served, asio::buffer(buffer.data(), count),
                                       asio::redirect_error(asio::use_awaitable, error));
          }
          served->close(error);
        },
        [](std::exception_ptr) {});
  }
  Result<std::unique_ptr<Link>> open(const std::string& text) {
    return run_real(context, [&, address = *parse_address(text)]() -> Task<std::unique_ptr<Link>> {
      OpenOptions options;
      options.deadline = in(10s);
      Result<std::unique_ptr<Link>> link = co_await open_link(address, options);
      co_return link;
    });
  }
  std::string address() const { return "tcp://127.0.0.1:" + std::to_string(port()); }
};

Task<Bytes> echo(Link& link, std::string text) {
  Result<void> written = co_await link.write(as_bytes(text), in(5s));
  AIOT_CO_CHECK(std::move(written));
  Result<Bytes> back = co_await read_exactly(link, text.size(), in(5s));
  co_return back;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "bytes go to a TCP server and back, and the end is noticed") {
  serve_one();
  auto link = open(address());
  REQUIRE(link);
  CHECK((*link)->info().kind == "tcp");
  CHECK(!(*link)->info().has_lines);
  Result<Bytes> back = run_real(context, [&] { return echo(**link, "hello"); });
  REQUIRE(back);
  CHECK(to_string(*back) == "hello");
  CHECK(run_real(context, [&] { return (*link)->set_baud(9600); }));
  Result<void> lines = run_real(context, [&] { return (*link)->set_lines({}); });
  REQUIRE(!lines);
  CHECK(lines.error().code == Errc::not_supported);
  Result<Bytes> lost = run_real(context, [&] { return echo(**link, "X"); });
  REQUIRE(!lost);
  CHECK(lost.error().code == Errc::link_lost);
  CHECK(lost.error().hint.starts_with("see that what is at the other end runs"));
  serve_one();
  CHECK(run_real(context, [&] { return (*link)->reopen(in(10s)); }));
  CHECK(run_real(context, [&] { return echo(**link, "again"); }));
}

TEST_CASE_FIXTURE(Fixture, "small packets are not delayed") {
  serve_one();
  Result<FdStream> stream =
      run_real(context, [&] { return tcp_connect("localhost", port(), in(10s)); });
  REQUIRE(stream);
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  CHECK(::getsockopt(stream->fd(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size) == 0);
  CHECK(no_delay == 1);
}

TEST_CASE_FIXTURE(Fixture, "a port where nothing listens refuses") {
  const std::string text = address();
  acceptor.close();
  auto link = open(text);
  REQUIRE(!link);
  CHECK(link.error().code == Errc::refused);
  CHECK(link.error().context.find("127.0.0.1:") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture,
                  "reopening is patient with a server that is starting, until its deadline") {
  serve_one();
  auto link = open(address());
  REQUIRE(link);
  acceptor.close();
  if (served) served->close();
  Result<void> late = run_real(context, [&] { return (*link)->reopen(in(150ms)); });
  REQUIRE(!late);
  CHECK(late.error().code == Errc::refused);
}

TEST_CASE_FIXTURE(Fixture, "a host that does not exist is not found") {
  auto link = open("tcp://no-such-host.invalid:4000");
  REQUIRE(!link);
  // Without a name server that answers, looking it up takes longer than the deadline.
  CHECK((link.error().code == Errc::not_found || link.error().code == Errc::timed_out));
  CHECK(link.error().context.find("no-such-host.invalid") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a deadline that has passed ends connecting") {
  Result<FdStream> stream =
      run_real(context, [&] { return tcp_connect("localhost", port(), TimePoint::min()); });
  REQUIRE(!stream);
  CHECK(stream.error().code == Errc::timed_out);
}

TEST_CASE_FIXTURE(Fixture, "settings of an address that nobody knows are refused") {
  const auto refused = [&](const std::string& text, const std::string& hint) {
    auto link = open(text);
    REQUIRE(!link);
    CHECK(link.error().condition() == Condition::usage);
    CHECK(link.error().hint.find(hint) != std::string::npos);
  };
  refused("serial:/dev/null?boud=9600", "did you mean baud?");
  refused("serial:/dev/null?baud=fast", "?baud=115200");
  refused("serial:/dev/null?baud=0", "?baud=115200");
  refused(address() + "?baud=9600", "takes no settings");
  refused("tcp://127.0.0.1", "tcp://127.0.0.1:PORT");
  refused("udp://127.0.0.1:5", "serial:");
}

TEST_CASE_FIXTURE(Fixture, "reads and writes end at their deadline also while the peer sends on") {
  asio::co_spawn(
      context,
      [this]() -> asio::awaitable<void> {
        served = std::make_shared<tcp::socket>(context);
        boost::system::error_code error;
        co_await acceptor.async_accept(*served, asio::redirect_error(asio::use_awaitable, error));
        const Bytes text(64 * 1024, 'x');
        while (!error) {
          co_await asio::async_write(*served, asio::buffer(text),
                                     asio::redirect_error(asio::use_awaitable, error));
        }
      },
      [](std::exception_ptr) {});
  auto link = open(address());
  REQUIRE(link);
  const TimePoint begin = steady_clock().now();
  Result<void> read = run_real(context, [&]() -> Task<void> {
    const TimePoint deadline = in(200ms);
    Bytes buffer(1024);
    for (;;) {
      Result<std::size_t> got = co_await (*link)->read_some(buffer, deadline);
      AIOT_CO_CHECK(std::move(got));
    }
  });
  REQUIRE(!read);
  CHECK(read.error().code == Errc::timed_out);
  CHECK(steady_clock().now() - begin < 5s);
  Result<void> late = run_real(context, [&]() -> Task<void> {
    Bytes byte(1);
    Result<void> written = co_await (*link)->write(byte, steady_clock().now());
    co_return written;
  });
  REQUIRE(!late);
  CHECK(late.error().code == Errc::timed_out);
}
