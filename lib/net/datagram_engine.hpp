#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "net/udp.hpp"
#include "net/udp_protocol.hpp"

namespace aiot::net {

/// A datagram to be sent.
struct OutgoingDatagram {
  static constexpr std::size_t any_socket = std::numeric_limits<std::size_t>::max();

  asio::ip::udp::endpoint to;
  Bytes payload;
  unsigned interface = 0;           ///< see UdpSocket::send
  std::size_t socket = any_socket;  ///< of the driver's: see DatagramDriver::open
};

/// A protocol over UDP as an engine without I/O: datagrams and time go in, datagrams and the time of
/// the next event come out. Tests drive it on a virtual clock, a DatagramDriver on sockets.
///
/// Its driver calls with times that never go back, sends all of take_output() after every call, and
/// calls on_timer() when next_timer() is due.
class DatagramEngine {
 public:
  virtual ~DatagramEngine() = default;
  virtual void on_datagram(TimePoint now, const Datagram& datagram) = 0;
  virtual std::optional<TimePoint> next_timer() const { return std::nullopt; }
  virtual void on_timer(TimePoint) {}
  virtual std::optional<OutgoingDatagram> take_output() = 0;
};

/// Runs an engine on one or more sockets, until close(). Hold it by a shared pointer: its readers
/// do, until the loop has let them end. `clock` outlives the loop's work.
class DatagramDriver : public std::enable_shared_from_this<DatagramDriver> {
 public:
  DatagramDriver(asio::any_io_executor executor, Clock& clock,
                 std::shared_ptr<DatagramEngine> engine);
  ~DatagramDriver();

  /// What a socket is for: one that only listens sends nothing that names no socket.
  enum class Use { send_and_receive, receive };
  /// One more socket; returns its number. What names no socket leaves by the first of its family.
  /// UdpSocket's errors.
  Result<std::size_t> open(const UdpOptions& options, Use use = Use::send_and_receive);
  /// Joins `group` with a socket on one interface; see UdpSocket::join.
  Result<void> join(std::size_t socket, const asio::ip::address& group, unsigned interface);
  std::uint16_t port(std::size_t socket) const;
  bool empty() const { return sockets_.empty(); }

  void start();
  /// Sends at once. A peer that cannot be reached loses it, as on any network.
  void send(const OutgoingDatagram& out);
  /// Sends what the engine has to send; needed after it was changed from outside.
  void pump();
  /// Sends what is left, and closes the sockets. Idempotent.
  void close();

 private:
  struct Socket {
    UdpSocket socket;
    bool v6 = false;
    Use use = Use::send_and_receive;
  };
  Task<void> read(Socket& socket);
  Socket* socket_for(const OutgoingDatagram& out);
  void wait_for_timer();
  void stop_waiting();

  asio::any_io_executor executor_;
  Clock& clock_;
  std::shared_ptr<DatagramEngine> engine_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::optional<TimePoint> timer_;                         ///< what is waited for
  std::shared_ptr<asio::cancellation_signal> stop_timer_;  ///< of that wait
  bool closed_ = false;
};

/// Runs `engine` on one socket until the socket is closed, which is no error, or until it is
/// cancelled. Both outlive the call.
Task<void> serve_datagrams(UdpSocket& socket, DatagramEngine& engine, Clock& clock);

}  // namespace aiot::net
