#include "net/tcp_connect.hpp"

#include <fmt/format.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "net/deadline.hpp"
#include "net/resolve.hpp"

namespace aiot::net {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

Error connect_error(const error_code& error, const std::string& where) {
  namespace e = asio::error;
  if (error == e::connection_refused) {
    return make_error(Errc::refused, where, "nothing listens there: check the port number");
  }
  if (error == e::host_unreachable || error == e::network_unreachable || error == e::network_down) {
    return make_error(Errc::not_found, fmt::format("{}: {}", where, error.message()),
                      "check the network, and that the host is switched on");
  }
  if (error == e::timed_out) return make_error(Errc::timed_out, "connecting to " + where);
  return make_error(Errc::io, fmt::format("{}: {}", where, error.message()));
}

Error interrupted(Error error, const std::string& what) {
  if (error.code == Errc::timed_out) {
    return std::move(error).with(what).with_hint(
        "check that the host is switched on, and that no firewall drops the connection");
  }
  return error;
}

}  // namespace

std::string host_and_port(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Task<FdStream> tcp_connect(std::string host, std::uint16_t port, TimePoint deadline) {
  const std::string where = host_and_port(host, port);
  const asio::any_io_executor executor = co_await asio::this_coro::executor;

  Result<std::vector<asio::ip::address>> found = co_await resolve_all(host, deadline);
  if (!found) {
    Error error = std::move(found).error();
    if (error.code == Errc::not_found) {
      co_return make_error(Errc::not_found, where + ": no such host", std::move(error.hint));
    }
    co_return interrupted(std::move(error), "looking up " + host);
  }
  std::vector<tcp::endpoint> endpoints;
  for (const asio::ip::address& address : *found) endpoints.emplace_back(address, port);

  const auto socket = std::make_shared<tcp::socket>(executor);
  auto connect = [socket, endpoints = std::move(endpoints)](auto handler) {
    asio::async_connect(
        *socket, endpoints,
        [socket, handler = std::move(handler)](const error_code& error,
                                               const tcp::endpoint&) mutable { handler(error); });
  };
  auto stop_connect = [socket] {
    error_code ignored;
    socket->close(ignored);
  };
  auto connected = co_await by_deadline<error_code>(deadline, connect, stop_connect);
  if (!connected) co_return interrupted(std::move(connected).error(), "connecting to " + where);
  const auto [error] = *connected;
  if (error) co_return connect_error(error, where);

  error_code ignored;
  socket->set_option(tcp::no_delay(true), ignored);
  socket->set_option(asio::socket_base::keep_alive(true), ignored);
  error_code failed;
  const int fd = socket->release(failed);
  if (failed) co_return connect_error(failed, where);
  FdStream stream(executor, fd, FdStream::Kind::socket);
  co_return stream;
}

}  // namespace aiot::net
