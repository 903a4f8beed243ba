#pragma once

#include <boost/asio/ip/udp.hpp>
#include <memory>

#include "aiot/bytes.hpp"
#include "net/clock.hpp"

namespace aiot::net {

/// What arrived in one piece.
struct Datagram {
  asio::ip::udp::endpoint from;
  asio::ip::udp::endpoint to;  ///< the group or address it was sent to, and our port
  unsigned interface = 0;      ///< index of the one it came in on, 0 when not known
  Bytes payload;               ///< at most 65,507 bytes
};

struct UdpOptions {
  bool v6 = false;
  std::uint16_t port = 0;   ///< 0: any free one
  bool share_port = false;  ///< SO_REUSEADDR and SO_REUSEPORT: beside a daemon on a well-known port
  bool broadcast = false;
  asio::ip::address bind;  ///< unspecified: all
  std::string interface;   ///< by which all leaves, and arrives, whatever the routes say; "": any
};

/// A UDP socket on the machine's clock. A datagram that cannot be sent is lost, as on the wire:
/// only errors of the socket itself are errors.
class UdpSocket {
 public:
  /// Errc::port_busy, Errc::no_permission, Errc::not_found, Errc::io.
  static Result<UdpSocket> open(const asio::any_io_executor& executor, const UdpOptions& options);
  UdpSocket(UdpSocket&&) noexcept;
  UdpSocket& operator=(UdpSocket&&) noexcept;
  ~UdpSocket();

  /// Listens to a multicast group on one interface. Joining twice is no error. With `bind` the
  /// group itself, the socket receives nothing else.
  Result<void> join(const asio::ip::address& group, unsigned interface);
  /// Leaves by `interface` when it is not 0: needed for multicast and limited broadcast.
  Result<void> send(const asio::ip::udp::endpoint& to, ByteSpan payload, unsigned interface = 0);
  /// The next datagram. Errc::timed_out at the deadline, even when more has arrived;
  /// Errc::cancelled.
  Task<Datagram> receive(TimePoint deadline);
  std::uint16_t port() const;
  /// Ends a pending receive() with Errc::link_lost. Idempotent.
  void close();

 private:
  struct Shared;
  explicit UdpSocket(std::shared_ptr<Shared> shared);
  std::shared_ptr<Shared> shared_;
};

}  // namespace aiot::net
