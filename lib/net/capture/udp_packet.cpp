#include "net/capture/udp_packet.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace aiot::net::capture {
namespace {

constexpr unsigned ether_ipv4 = 0x0800;
constexpr unsigned ether_ipv6 = 0x86DD;
constexpr unsigned ether_vlan = 0x8100;
constexpr unsigned ether_vlan_outer = 0x88A8;
constexpr unsigned ether_vlan_old = 0x9100;
constexpr int max_vlans = 4;

constexpr std::uint8_t protocol_udp = 17;
constexpr std::size_t udp_header_size = 8;

constexpr unsigned arphrd_ethernet = 1;

std::array<std::uint8_t, 6> mac_at(ByteSpan bytes) {
  std::array<std::uint8_t, 6> mac{};
  std::copy_n(bytes.begin(), mac.size(), mac.begin());
  return mac;
}

/// A network packet and what kind it is.
struct Inside {
  unsigned ether_type = 0;
  ByteSpan bytes;
  std::optional<std::array<std::uint8_t, 6>> from_mac = {};
};

std::optional<Inside> behind_vlans(unsigned type, ByteSpan bytes) {
  for (int i = 0; i <= max_vlans; ++i) {
    if (type != ether_vlan && type != ether_vlan_outer && type != ether_vlan_old) {
      return Inside{type, bytes};
    }
    if (bytes.size() < 4) return std::nullopt;
    type = load_be16(bytes.data() + 2);
    bytes = bytes.subspan(4);
  }
  return std::nullopt;
}

std::optional<Inside> in_ethernet(ByteSpan bytes) {
  if (bytes.size() < 14) return std::nullopt;
  auto inside = behind_vlans(load_be16(bytes.data() + 12), bytes.subspan(14));
  if (inside) inside->from_mac = mac_at(bytes.subspan(6, 6));
  return inside;
}

std::optional<Inside> in_linux_cooked(ByteSpan bytes) {
  // Packet type, device type, address length, address (8), protocol.
  if (bytes.size() < 16) return std::nullopt;
  auto inside = behind_vlans(load_be16(bytes.data() + 14), bytes.subspan(16));
  const bool has_mac =
      load_be16(bytes.data() + 2) == arphrd_ethernet && load_be16(bytes.data() + 4) == 6;
  if (inside && has_mac) inside->from_mac = mac_at(bytes.subspan(6, 6));
  return inside;
}

std::optional<Inside> in_linux_cooked_2(ByteSpan bytes) {
  // Protocol, reserved, interface (4), device type, packet type, address length, address (8).
  if (bytes.size() < 20) return std::nullopt;
  auto inside = behind_vlans(load_be16(bytes.data()), bytes.subspan(20));
  const bool has_mac = load_be16(bytes.data() + 8) == arphrd_ethernet && bytes[11] == 6;
  if (inside && has_mac) inside->from_mac = mac_at(bytes.subspan(12, 6));
  return inside;
}

std::optional<Inside> in_raw_ip(ByteSpan bytes) {
  if (bytes.empty()) return std::nullopt;
  return Inside{bytes[0] >> 4 == 6 ? ether_ipv6 : ether_ipv4, bytes};
}

std::optional<Inside> inside_of(const Record& record) {
  const ByteSpan bytes = record.bytes;
  switch (record.link) {
    case Link::ethernet: return in_ethernet(bytes);
    case Link::linux_cooked: return in_linux_cooked(bytes);
    case Link::linux_cooked_2: return in_linux_cooked_2(bytes);
    case Link::raw_ip:
    case Link::ipv4:
    case Link::ipv6: return in_raw_ip(bytes);
    case Link::null:  // four bytes of address family, each system its own number and byte order
    case Link::loop: return bytes.size() < 4 ? std::nullopt : in_raw_ip(bytes.subspan(4));
    default: return std::nullopt;
  }
}

std::optional<UdpPacket> in_udp(ByteSpan bytes, UdpPacket packet) {
  if (bytes.size() < udp_header_size) return std::nullopt;
  packet.from.port = load_be16(bytes.data());
  packet.to.port = load_be16(bytes.data() + 2);
  const std::size_t length = load_be16(bytes.data() + 4);
  if (length < udp_header_size) return std::nullopt;
  // Padding behind the packet is not its payload; a capture may have cut it, too.
  packet.payload = bytes.subspan(udp_header_size, std::min(length, bytes.size()) - udp_header_size);
  return packet;
}

std::optional<UdpPacket> in_ipv4(ByteSpan bytes) {
  if (bytes.size() < 20 || bytes[0] >> 4 != 4) return std::nullopt;
  const std::size_t header = static_cast<std::size_t>(bytes[0] & 0x0F) * 4;
  if (header < 20 || header > bytes.size() || bytes[9] != protocol_udp) return std::nullopt;
  if ((load_be16(bytes.data() + 6) & 0x3FFF) != 0) return std::nullopt;  // a fragment
  UdpPacket packet;
  std::copy_n(bytes.begin() + 12, 4, packet.from.address.begin());
  std::copy_n(bytes.begin() + 16, 4, packet.to.address.begin());
  return in_udp(bytes.subspan(header), packet);
}

std::optional<UdpPacket> in_ipv6(ByteSpan bytes) {
  if (bytes.size() < 40 || bytes[0] >> 4 != 6) return std::nullopt;
  UdpPacket packet;
  packet.from.v6 = packet.to.v6 = true;
  std::copy_n(bytes.begin() + 8, 16, packet.from.address.begin());
  std::copy_n(bytes.begin() + 24, 16, packet.to.address.begin());
  std::uint8_t next = bytes[6];
  bytes = bytes.subspan(40);
  // Hop-by-hop, routing and destination options; behind a fragment header nothing is whole.
  while (next == 0 || next == 43 || next == 60) {
    if (bytes.size() < 8) return std::nullopt;
    const std::size_t size = (static_cast<std::size_t>(bytes[1]) + 1) * 8;
    if (size > bytes.size()) return std::nullopt;
    next = bytes[0];
    bytes = bytes.subspan(size);
  }
  if (next != protocol_udp) return std::nullopt;
  return in_udp(bytes, packet);
}

}  // namespace

std::string Endpoint::address_text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(v6 ? AF_INET6 : AF_INET, address.data(), text.data(), text.size());
  return text.data();
}

std::optional<UdpPacket> parse_udp(const Record& record) {
  const auto inside = inside_of(record);
  if (!inside) return std::nullopt;
  auto packet = inside->ether_type == ether_ipv4   ? in_ipv4(inside->bytes)
                : inside->ether_type == ether_ipv6 ? in_ipv6(inside->bytes)
                                                   : std::nullopt;
  if (packet) packet->from_mac = inside->from_mac;
  return packet;
}

}  // namespace aiot::net::capture
