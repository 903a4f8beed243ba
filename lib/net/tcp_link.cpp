#include "net/tcp_link.hpp"

#include <fmt/format.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "net/clock.hpp"
#include "net/interfaces.hpp"
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

Task<FdStream> tcp_connect(std::string host, std::uint16_t port, TimePoint deadline,
                           std::string interface) {
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
  if (!interface.empty()) {
    error_code failed;
    socket->open(endpoints.front().protocol(), failed);
    if (failed) co_return connect_error(failed, where);
    AIOT_CO_CHECK(bind_to_interface(socket->native_handle(), interface));
  }
  auto connect = [socket, endpoints = std::move(endpoints)](auto handler) {
    if (socket->is_open()) {  // a range would open it anew for each address, and lose the binding
      socket->async_connect(endpoints.front(),
                            [socket, handler = std::move(handler)](
                                const error_code& error) mutable { handler(error); });
      return;
    }
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

namespace {

using asio::ip::tcp;
using boost::system::error_code;

/// Out of descriptors: a moment later some may be free.
constexpr std::chrono::milliseconds retry_pause{100};

Error open_error(const error_code& error, const tcp::endpoint& local) {
  namespace e = asio::error;
  const std::string where = host_and_port(local.address().to_string(), local.port());
  if (error == e::address_in_use) {
    return make_error(Errc::port_busy, where, "another program listens there: `ss -ltnp` names it");
  }
  if (error == e::access_denied) {
    return make_error(Errc::no_permission, where,
                      "ports below 1024 are for root: choose one above, or add the capability "
                      "cap_net_bind_service");
  }
  return make_error(Errc::io, where + ": " + error.message());
}

}  // namespace

Result<TcpListener> TcpListener::open(const asio::any_io_executor& executor,
                                      const tcp::endpoint& local) {
  auto acceptor = std::make_shared<Acceptor>(executor);
  error_code error;
  acceptor->open(local.protocol(), error);
  if (!error) acceptor->set_option(Acceptor::reuse_address(true), error);
  if (!error) acceptor->bind(local, error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (error) return open_error(error, local);
  return TcpListener(std::move(acceptor));
}

Task<Accepted> TcpListener::accept(TimePoint deadline) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  while (true) {
    struct Incoming {
      explicit Incoming(const asio::any_io_executor& ex) : socket(ex) {}
      tcp::socket socket;
      tcp::endpoint from;
    };
    const auto incoming = std::make_shared<Incoming>(executor);
    auto start = [acceptor = acceptor_, incoming](auto handler) {
      acceptor->async_accept(incoming->socket, incoming->from,
                             [incoming, handler = std::move(handler)](
                                 const error_code& error) mutable { handler(error); });
    };
    auto stop = [acceptor = acceptor_] {
      error_code ignored;
      acceptor->cancel(ignored);
    };
    auto accepted = co_await by_deadline<error_code>(deadline, start, stop);
    if (!accepted) co_return std::move(accepted).error();
    if (!acceptor_->is_open()) co_return make_error(Errc::link_lost);
    auto [error] = *accepted;
    if (!error) {
      const int fd = incoming->socket.release(error);
      if (!error) {
        FdStream stream(executor, fd, FdStream::Kind::socket);
        co_return Accepted{std::move(stream), incoming->from};
      }
    }
    // The client has left again, or this process has too many connections: try again.
    Result<void> slept = co_await steady_clock().sleep_for(retry_pause);
    AIOT_CO_CHECK(std::move(slept));
  }
}

std::uint16_t TcpListener::port() const {
  error_code ignored;
  return acceptor_->local_endpoint(ignored).port();
}

void TcpListener::close() {
  error_code ignored;
  acceptor_->close(ignored);
}

TcpLink::TcpLink(FdStream stream, std::string host, std::uint16_t port, std::string interface)
    : stream_(std::move(stream)),
      host_(std::move(host)),
      port_(port),
      interface_(std::move(interface)) {
  info_.kind = "tcp";
}

Task<std::unique_ptr<Link>> TcpLink::open(std::string host, std::uint16_t port, TimePoint deadline,
                                          std::string interface) {
  Result<FdStream> stream = co_await tcp_connect(host, port, deadline, interface);
  if (!stream) co_return std::move(stream).error();
  std::unique_ptr<Link> link(new TcpLink(*std::move(stream), host, port, interface));
  co_return link;
}

std::unique_ptr<Link> TcpLink::adopt(Accepted connection) {
  return std::unique_ptr<Link>(new TcpLink(std::move(connection.stream), {}, 0, {}));
}

Task<std::size_t> TcpLink::read_some(std::span<std::uint8_t> buffer, TimePoint deadline) {
  return stream_.read_some(buffer, deadline);
}

Task<void> TcpLink::write(ByteSpan data, TimePoint deadline) {
  return stream_.write(data, deadline);
}

Task<void> TcpLink::drain(TimePoint) { co_return Result<void>(); }

Task<void> TcpLink::discard_input() { co_return stream_.discard_input(); }

Task<void> TcpLink::set_baud(std::uint32_t) { co_return Result<void>(); }

Task<void> TcpLink::set_lines(std::span<const LineStep>) {
  co_return make_error(Errc::not_supported, "DTR and RTS over plain TCP",
                       "put the port behind a server that speaks RFC 2217");
}

Task<void> TcpLink::reopen(TimePoint deadline) {
  if (port_ == 0) co_return make_error(Errc::link_lost, "the other end had made this connection");
  auto connect = [this, deadline]() -> Task<void> {
    stream_.close();
    Result<FdStream> stream = co_await tcp_connect(host_, port_, deadline, interface_);
    if (!stream) co_return std::move(stream).error();
    stream_ = *std::move(stream);
    co_return Result<void>();
  };
  Result<void> again = co_await patiently(clock(), deadline, std::move(connect));
  co_return again;
}

}  // namespace aiot::net
