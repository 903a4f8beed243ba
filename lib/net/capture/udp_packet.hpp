#pragma once

#include <array>
#include <optional>
#include <string>

#include "net/capture/record.hpp"

namespace aiot::net::capture {

/// One end of a UDP packet.
struct Endpoint {
  std::array<std::uint8_t, 16> address{};  ///< the first four for IPv4
  bool v6 = false;
  std::uint16_t port = 0;

  /// "192.168.1.40", "fe80::1"
  std::string address_text() const;
};

/// A UDP packet of a capture.
struct UdpPacket {
  Endpoint from;
  Endpoint to;
  std::optional<std::array<std::uint8_t, 6>> from_mac;  ///< of the last hop: where the link has it
  ByteSpan payload;  ///< a view; what a short capture length cut off is missing
};

/// Looks for a UDP packet in a record; nullopt for all else, also for a fragment of an IP datagram.
std::optional<UdpPacket> parse_udp(const Record& record);

}  // namespace aiot::net::capture
