#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "net/clock.hpp"
#include "net/fd_stream.hpp"

namespace aiot::net {

/// A connection that somebody made to us.
struct Accepted {
  FdStream stream;
  asio::ip::tcp::endpoint from;
};

/// Takes TCP connections, on the machine's clock.
class TcpListener {
 public:
  /// Port 0 takes a free one. Errc::port_busy, Errc::no_permission, Errc::io.
  static Result<TcpListener> open(const asio::any_io_executor& executor,
                                  const asio::ip::tcp::endpoint& local);

  /// The next connection. Errc::timed_out at the deadline, Errc::cancelled.
  Task<Accepted> accept(TimePoint deadline);
  std::uint16_t port() const;

 private:
  using Acceptor = asio::ip::tcp::acceptor;
  explicit TcpListener(std::shared_ptr<Acceptor> acceptor) : acceptor_(std::move(acceptor)) {}

  std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace aiot::net
