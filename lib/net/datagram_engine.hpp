#pragma once

#include <optional>

#include "net/udp.hpp"

namespace aiot::net {

/// A datagram to be sent.
struct OutgoingDatagram {
  asio::ip::udp::endpoint to;
  Bytes payload;
  unsigned interface = 0;  ///< see UdpSocket::send
};

/// The device side of a UDP protocol as an engine without I/O: datagrams and time go in, datagrams
/// and the time of the next event come out. Tests drive it on a virtual clock, serve_datagrams() on
/// a socket.
///
/// Whoever drives it calls with times that never go back, sends all of take_output() after every
/// call, and calls on_timer() when next_timer() is due.
class DatagramEngine {
 public:
  virtual ~DatagramEngine() = default;
  virtual void on_datagram(TimePoint now, const Datagram& datagram) = 0;
  virtual std::optional<TimePoint> next_timer() const { return std::nullopt; }
  virtual void on_timer(TimePoint) {}
  virtual std::optional<OutgoingDatagram> take_output() = 0;
};

/// Runs `engine` on `socket` until the socket is closed, which is no error, or until it is
/// cancelled. Both outlive the call.
Task<void> serve_datagrams(UdpSocket& socket, DatagramEngine& engine);

}  // namespace aiot::net
