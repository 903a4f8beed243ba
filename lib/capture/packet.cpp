#include "capture/packet.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace aiot::capture {
namespace {

constexpr std::uint32_t advertising_access_address = 0x8E89BED6;
constexpr std::size_t crc_size = 3;

/// PDU types of the advertising channels (volume 6, part B, table 2.3).
enum : std::uint8_t {
  adv_ind = 0,
  adv_nonconn_ind = 2,
  scan_rsp = 4,
  adv_scan_ind = 6,
  adv_ext_ind = 7,
};
constexpr std::uint8_t sender_is_random = 1 << 6;

/// Flags of the pseudo-header.
constexpr unsigned signal_valid = 1u << 1;
constexpr unsigned crc_checked = 1u << 10;
constexpr unsigned crc_valid = 1u << 11;
constexpr unsigned phy_shift = 14;
constexpr unsigned phy_coded = 2;  ///< a byte more, which no advert of ours needs
constexpr unsigned nordic_crc_valid = 1;

void set_sender(ByteSpan address, net::ScannedAdvert& out) {
  std::reverse_copy(address.begin(), address.end(), out.address.begin());
}

/// The fields of an extended header, in their order, with what each takes.
constexpr unsigned field_sender = 1 << 0;
constexpr unsigned field_power = 1 << 6;
struct Field {
  unsigned bit;
  std::size_t size;
};
constexpr std::array<Field, 6> fields_before_power = {{
    {field_sender, 6},
    {1 << 1, 6},
    {1 << 2, 1},
    {1 << 3, 2},
    {1 << 4, 3},
    {1 << 5, 18},
}};

std::optional<net::ScannedAdvert> parse_extended(ByteSpan payload, net::ScannedAdvert report) {
  if (payload.empty()) return std::nullopt;
  const std::size_t header_size = payload[0] & 0x3F;
  report.connectable = payload[0] >> 6 == 1;
  payload = payload.subspan(1);
  if (header_size == 0 || header_size > payload.size()) return std::nullopt;
  ByteSpan header = payload.first(header_size);
  const unsigned flags = header[0];
  header = header.subspan(1);
  if ((flags & field_sender) == 0) return std::nullopt;
  for (const Field& field : fields_before_power) {
    if ((flags & field.bit) == 0) continue;
    if (field.size > header.size()) return std::nullopt;
    if (field.bit == field_sender) set_sender(header.first(field.size), report);
    header = header.subspan(field.size);
  }
  if ((flags & field_power) != 0 && !header.empty()) {
    report.tx_power_dbm = static_cast<std::int8_t>(header[0]);
  }
  const ByteSpan data = payload.subspan(header_size);
  report.data.assign(data.begin(), data.end());
  return report;
}

/// The packet behind LINKTYPE_BLUETOOTH_LE_LL_WITH_PHDR's header.
std::optional<ByteSpan> behind_pseudo_header(ByteSpan bytes, net::ScannedAdvert& report) {
  // Channel, signal, noise, offences, reference access address (4), flags (2).
  if (bytes.size() < 10) return std::nullopt;
  const unsigned flags = load_le16(bytes.data() + 8);
  if ((flags & crc_checked) != 0 && (flags & crc_valid) == 0) return std::nullopt;
  if (flags >> phy_shift == phy_coded) return std::nullopt;
  if ((flags & signal_valid) != 0) report.rssi_dbm = static_cast<std::int8_t>(bytes[1]);
  return bytes.subspan(10);
}

/// The packet behind the headers of Nordic's sniffer, versions 2 and 3.
std::optional<ByteSpan> behind_nordic_header(ByteSpan bytes, net::ScannedAdvert& report) {
  // Board, length (2), version, counter (2), type; then length, flags, channel, signal, …
  constexpr std::size_t sniffer_header = 7;
  constexpr std::size_t shortest = 4;
  if (bytes.size() < sniffer_header + shortest || (bytes[3] != 2 && bytes[3] != 3)) {
    return std::nullopt;
  }
  bytes = bytes.subspan(sniffer_header);
  const std::size_t length = bytes[0];
  const unsigned flags = bytes[1];
  if (length < shortest || length > bytes.size()) return std::nullopt;
  if ((flags & nordic_crc_valid) == 0 || (flags >> 4 & 7) == phy_coded) return std::nullopt;
  report.rssi_dbm = -static_cast<int>(bytes[3]);
  return bytes.subspan(length);
}

std::optional<ByteSpan> packet_of(const Record& record, net::ScannedAdvert& report) {
  switch (record.link) {
    case Link::ble_link: return record.bytes;
    case Link::ble_link_with_header: return behind_pseudo_header(record.bytes, report);
    case Link::nordic_sniffer: return behind_nordic_header(record.bytes, report);
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<net::ScannedAdvert> parse_ble_link(const Record& record) {
  net::ScannedAdvert report;
  const auto packet = packet_of(record, report);
  if (!packet) return std::nullopt;
  const ByteSpan bytes = *packet;
  // Access address, header, length, payload, checksum.
  if (bytes.size() < 6 + crc_size) return std::nullopt;
  if (load_le32(bytes.data()) != advertising_access_address) return std::nullopt;
  const std::uint8_t type = bytes[4] & 0x0F;
  const std::size_t length = bytes[5];
  if (bytes.size() < 6 + length + crc_size) return std::nullopt;
  const ByteSpan payload = bytes.subspan(6, length);
  report.random_address = (bytes[4] & sender_is_random) != 0;
  if (type == adv_ext_ind) return parse_extended(payload, std::move(report));
  if (type != adv_ind && type != adv_nonconn_ind && type != scan_rsp && type != adv_scan_ind) {
    return std::nullopt;
  }
  if (payload.size() < 6) return std::nullopt;
  report.connectable = type == adv_ind;
  set_sender(payload.first(6), report);
  report.data.assign(payload.begin() + 6, payload.end());
  return report;
}

namespace {

constexpr std::uint8_t h4_event = 0x04;
constexpr std::uint16_t monitor_event = 3;
constexpr std::uint32_t flags_received_event = 3;  ///< from the controller, and no data

constexpr std::uint8_t event_le_meta = 0x3E;
constexpr std::uint8_t sub_advertising_report = 0x02;
constexpr std::uint8_t sub_extended_report = 0x0D;

/// Legacy event types.
constexpr std::uint8_t legacy_connectable = 0x00;
constexpr std::uint8_t legacy_directed = 0x01;
/// Bits of an extended report's event type; bits 5 and 6 are the status of its data.
constexpr unsigned extended_connectable = 1;
constexpr unsigned status_more_to_come = 1;
constexpr unsigned status_cut = 2;

constexpr std::int8_t no_power = 127;
constexpr std::size_t max_partial = 32;
constexpr std::size_t max_data = 1650;

std::optional<int> power(std::uint8_t byte) {
  const auto value = static_cast<std::int8_t>(byte);
  return value == no_power ? std::nullopt : std::optional<int>(value);
}

void set_sender(std::uint8_t type, ByteSpan address, net::ScannedAdvert& out) {
  // 0 and 2 are public, the latter resolved by the controller; FF has no address at all.
  out.random_address = type != 0 && type != 2;
  std::reverse_copy(address.begin(), address.end(), out.address.begin());
}

/// The event in a record; empty when there is none.
ByteSpan event_of(const Record& record) {
  const ByteSpan bytes = record.bytes;
  const auto behind = [&](std::size_t size) { return bytes.subspan(std::min(size, bytes.size())); };
  switch (record.link) {
    case Link::hci_h4: return !bytes.empty() && bytes[0] == h4_event ? behind(1) : ByteSpan{};
    case Link::hci_h4_with_direction:
      return bytes.size() > 4 && bytes[4] == h4_event ? behind(5) : ByteSpan{};
    case Link::hci_without_type: return record.flags == flags_received_event ? bytes : ByteSpan{};
    case Link::linux_monitor:  // adapter, opcode
      return bytes.size() >= 4 && load_be16(bytes.data() + 2) == monitor_event ? behind(4)
                                                                               : ByteSpan{};
    case Link::linux_monitor_in_flags:
      return (record.flags & 0xFFFF) == monitor_event ? bytes : ByteSpan{};
    default: return {};
  }
}

}  // namespace

std::vector<net::ScannedAdvert> HciAdverts::take(const Record& record) {
  std::vector<net::ScannedAdvert> out;
  const ByteSpan event = event_of(record);
  // Code, length, subevent, number of reports.
  if (event.size() < 4 || event[0] != event_le_meta) return out;
  const ByteSpan parameters = event.subspan(2, std::min<std::size_t>(event[1], event.size() - 2));
  if (parameters.size() < 2) return out;
  if (parameters[0] == sub_advertising_report) legacy_reports(parameters.subspan(1), out);
  if (parameters[0] == sub_extended_report) extended_reports(parameters.subspan(1), out);
  return out;
}

void HciAdverts::legacy_reports(ByteSpan parameters, std::vector<net::ScannedAdvert>& out) {
  unsigned count = parameters[0];
  parameters = parameters.subspan(1);
  // Event type, address type, address, length, data, RSSI.
  for (; count > 0 && parameters.size() >= 9; --count) {
    const std::size_t length = parameters[8];
    if (parameters.size() < 9 + length + 1) return;
    net::ScannedAdvert report;
    report.connectable = parameters[0] == legacy_connectable || parameters[0] == legacy_directed;
    set_sender(parameters[1], parameters.subspan(2, 6), report);
    const ByteSpan data = parameters.subspan(9, length);
    report.data.assign(data.begin(), data.end());
    report.rssi_dbm = power(parameters[9 + length]);
    out.push_back(std::move(report));
    parameters = parameters.subspan(10 + length);
  }
}

void HciAdverts::extended_reports(ByteSpan parameters, std::vector<net::ScannedAdvert>& out) {
  constexpr std::size_t fixed = 24;
  unsigned count = parameters[0];
  parameters = parameters.subspan(1);
  for (; count > 0 && parameters.size() >= fixed; --count) {
    const std::uint8_t* p = parameters.data();
    const std::size_t length = p[23];
    if (parameters.size() < fixed + length) return;
    // Event type (2), address type, address (6), two PHYs, set, power, RSSI, interval (2), target.
    const unsigned type = load_le16(p);
    net::ScannedAdvert report;
    report.connectable = (type & extended_connectable) != 0;
    set_sender(p[2], parameters.subspan(3, 6), report);
    report.tx_power_dbm = power(p[12]);
    report.rssi_dbm = power(p[13]);
    const ByteSpan data = parameters.subspan(fixed, length);
    report.data.assign(data.begin(), data.end());
    add_piece(std::move(report), p[11], type >> 5 & 3, out);
    parameters = parameters.subspan(fixed + length);
  }
}

void HciAdverts::add_piece(net::ScannedAdvert piece, std::uint8_t set, unsigned status,
                           std::vector<net::ScannedAdvert>& out) {
  const auto known = std::find_if(partial_.begin(), partial_.end(), [&](const Partial& p) {
    return p.set == set && p.report.address == piece.address &&
           p.report.random_address == piece.random_address;
  });
  if (known != partial_.end()) {
    Bytes whole = std::move(known->report.data);
    partial_.erase(known);
    if (whole.size() + piece.data.size() > max_data) return;
    append(whole, piece.data);
    piece.data = std::move(whole);
  }
  if (status != status_more_to_come) {
    piece.complete = status != status_cut;
    out.push_back(std::move(piece));
    return;
  }
  partial_.push_back({set, std::move(piece)});
  if (partial_.size() > max_partial) partial_.pop_front();
}

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

}  // namespace aiot::capture
