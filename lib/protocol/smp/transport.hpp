#pragma once

#include <memory>

#include "net/link.hpp"
#include "net/udp.hpp"

namespace aiot::smp {

/// Carries packets to one SMP server and back.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual net::Clock& clock() = 0;
  virtual net::Task<void> send(ByteSpan packet, net::TimePoint deadline) = 0;
  /// The next packet, whole. net::Errc::timed_out at the deadline, also while others send.
  virtual net::Task<Bytes> receive(net::TimePoint deadline) = 0;
  /// After a reset: opens what a USB device takes along. Nothing to do elsewhere.
  virtual net::Task<void> reopen(net::TimePoint deadline) = 0;
  /// What every server takes in one packet.
  virtual std::size_t least_packet_bytes() const = 0;
  /// The longest that fits, whatever the server says.
  virtual std::size_t most_packet_bytes() const = 0;
  /// The longest that is not split. Not every server puts the pieces of longer ones together.
  virtual std::size_t most_whole_bytes() const { return most_packet_bytes(); }
  /// How long an answer may be on its way.
  virtual net::Duration patience() const { return std::chrono::seconds(2); }
};

/// On a serial console, between whatever else is printed there.
std::unique_ptr<Transport> over_console(std::unique_ptr<net::Link> link);
/// A datagram each; UDP port 1337 unless the device has another. `clock` outlives it.
Result<std::unique_ptr<Transport>> over_udp(const net::asio::any_io_executor& executor,
                                            net::asio::ip::udp::endpoint server, net::Clock& clock);

inline constexpr std::uint16_t udp_port = 1337;

}  // namespace aiot::smp
