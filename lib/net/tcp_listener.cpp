#include "net/tcp_listener.hpp"

#include "net/deadline.hpp"
#include "net/tcp_connect.hpp"

namespace aiot::net {
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
    auto [error] = *accepted;
    if (!error) {
      const int fd = incoming->socket.release(error);
      if (!error) {
        FdStream stream(executor, fd, FdStream::Kind::socket);
        co_return Accepted{std::move(stream), incoming->from};
      }
    }
    // Whoever called has left again, or this process has too many connections: it goes on.
    Result<void> slept = co_await steady_clock().sleep_for(retry_pause);
    AIOT_CO_CHECK(std::move(slept));
  }
}

std::uint16_t TcpListener::port() const {
  error_code ignored;
  return acceptor_->local_endpoint(ignored).port();
}

}  // namespace aiot::net
