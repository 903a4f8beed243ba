#pragma once

#include <array>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "capture/file.hpp"
#include "net/scanned_advert.hpp"

namespace aiot::capture {

/// The advertisement in a packet of the link layer, from a sniffer with or without the
/// pseudo-header that reports signal and checksum. nullopt for other packets, for those with a
/// wrong checksum, and for those that do not name their sender.
std::optional<net::ScannedAdvert> parse_ble_link(const Record& record);

/// Finds the LE advertising reports among HCI packets, and puts those together that come in pieces.
class HciAdverts {
 public:
  /// The advertisements that `record` completes; none for all else, and for links without HCI. What
  /// is not whole in an event is left out.
  std::vector<net::ScannedAdvert> take(const Record& record);

 private:
  /// An extended advertisement of which more is to come.
  struct Partial {
    std::uint8_t set = 0;
    net::ScannedAdvert report;
  };
  void legacy_reports(ByteSpan parameters, std::vector<net::ScannedAdvert>& out);
  void extended_reports(ByteSpan parameters, std::vector<net::ScannedAdvert>& out);
  void add_piece(net::ScannedAdvert piece, std::uint8_t set, unsigned status,
                 std::vector<net::ScannedAdvert>& out);

  std::list<Partial> partial_;  // the oldest first, few
};

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

}  // namespace aiot::capture
