#include "net/capture/hci.hpp"

#include <algorithm>

namespace aiot::net::capture {
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

void set_sender(std::uint8_t type, ByteSpan address, AdvertReport& out) {
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

std::vector<AdvertReport> HciAdverts::take(const Record& record) {
  std::vector<AdvertReport> out;
  const ByteSpan event = event_of(record);
  // Code, length, subevent, number of reports.
  if (event.size() < 4 || event[0] != event_le_meta) return out;
  const ByteSpan parameters = event.subspan(2, std::min<std::size_t>(event[1], event.size() - 2));
  if (parameters.size() < 2) return out;
  if (parameters[0] == sub_advertising_report) legacy_reports(parameters.subspan(1), out);
  if (parameters[0] == sub_extended_report) extended_reports(parameters.subspan(1), out);
  return out;
}

void HciAdverts::legacy_reports(ByteSpan parameters, std::vector<AdvertReport>& out) {
  unsigned count = parameters[0];
  parameters = parameters.subspan(1);
  // Event type, address type, address, length, data, RSSI.
  for (; count > 0 && parameters.size() >= 9; --count) {
    const std::size_t length = parameters[8];
    if (parameters.size() < 9 + length + 1) return;
    AdvertReport report;
    report.connectable = parameters[0] == legacy_connectable || parameters[0] == legacy_directed;
    set_sender(parameters[1], parameters.subspan(2, 6), report);
    const ByteSpan data = parameters.subspan(9, length);
    report.data.assign(data.begin(), data.end());
    report.rssi_dbm = power(parameters[9 + length]);
    out.push_back(std::move(report));
    parameters = parameters.subspan(10 + length);
  }
}

void HciAdverts::extended_reports(ByteSpan parameters, std::vector<AdvertReport>& out) {
  constexpr std::size_t fixed = 24;
  unsigned count = parameters[0];
  parameters = parameters.subspan(1);
  for (; count > 0 && parameters.size() >= fixed; --count) {
    const std::uint8_t* p = parameters.data();
    const std::size_t length = p[23];
    if (parameters.size() < fixed + length) return;
    // Event type (2), address type, address (6), two PHYs, set, power, RSSI, interval (2), target.
    const unsigned type = load_le16(p);
    AdvertReport report;
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

void HciAdverts::add_piece(AdvertReport piece, std::uint8_t set, unsigned status,
                           std::vector<AdvertReport>& out) {
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

}  // namespace aiot::net::capture
