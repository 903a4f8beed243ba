#pragma once

#include <memory>

#include "net/udp.hpp"
#include "protocol/coap/requester.hpp"

namespace aiot::coap {

/// A conversation with one server over a UDP socket of its own: the driver of a Requester.
class Session {
 public:
  /// Looks `host` up and opens a socket; nothing is sent. `host` may be an address, an IPv6 one
  /// with its scope. net::Errc::not_found, timed_out, cancelled.
  static net::Task<Session> open(std::string host, std::uint16_t port, net::Clock& clock,
                                 net::TimePoint deadline);
  static Result<Session> open(const net::asio::any_io_executor& executor, net::Clock& clock,
                              const net::asio::ip::udp::endpoint& server);

  /// Sends the request; next() gives what comes of it. One request at a time: an earlier one ends.
  Result<void> start(Request request, const Timing& timing = {});
  /// The next response, or the error that ended the request (see Requester). A plain request has
  /// one; an observation goes on while Response::observed is true. net::Errc::timed_out at the
  /// deadline, which ends nothing; net::Errc::cancelled.
  net::Task<Response> next(net::TimePoint deadline);
  /// Cancels the observation at the server.
  Result<void> stop();

  const net::asio::ip::udp::endpoint& server() const { return server_; }

 private:
  Session(net::UdpSocket socket, net::Clock& clock, const net::asio::ip::udp::endpoint& server)
      : socket_(std::move(socket)), clock_(&clock), server_(server) {}
  Result<void> flush();

  net::UdpSocket socket_;
  net::Clock* clock_;
  net::asio::ip::udp::endpoint server_;
  std::unique_ptr<Requester> requester_;
};

/// One GET from the request to the whole representation.
net::Task<Response> get(net::asio::ip::udp::endpoint server, Request request, net::Clock& clock,
                        net::TimePoint deadline);

}  // namespace aiot::coap
