#include "net/capture/ble_link.hpp"

#include <algorithm>

namespace aiot::net::capture {
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

void set_sender(ByteSpan address, AdvertReport& out) {
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

std::optional<AdvertReport> parse_extended(ByteSpan payload, AdvertReport report) {
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
std::optional<ByteSpan> behind_pseudo_header(ByteSpan bytes, AdvertReport& report) {
  // Channel, signal, noise, offences, reference access address (4), flags (2).
  if (bytes.size() < 10) return std::nullopt;
  const unsigned flags = load_le16(bytes.data() + 8);
  if ((flags & crc_checked) != 0 && (flags & crc_valid) == 0) return std::nullopt;
  if (flags >> phy_shift == phy_coded) return std::nullopt;
  if ((flags & signal_valid) != 0) report.rssi_dbm = static_cast<std::int8_t>(bytes[1]);
  return bytes.subspan(10);
}

/// The packet behind the headers of Nordic's sniffer, versions 2 and 3.
std::optional<ByteSpan> behind_nordic_header(ByteSpan bytes, AdvertReport& report) {
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

std::optional<ByteSpan> packet_of(const Record& record, AdvertReport& report) {
  switch (record.link) {
    case Link::ble_link: return record.bytes;
    case Link::ble_link_with_header: return behind_pseudo_header(record.bytes, report);
    case Link::nordic_sniffer: return behind_nordic_header(record.bytes, report);
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<AdvertReport> parse_ble_link(const Record& record) {
  AdvertReport report;
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

}  // namespace aiot::net::capture
