#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "aiot/bytes.hpp"

/// SMP over Bluetooth LE: values of one characteristic, of which a packet takes one or more. Zephyr
/// documentation, "SMP Protocol Specification", "SMP over Bluetooth".
namespace aiot::smp {

inline constexpr std::string_view ble_service = "8d53dc1d-1db7-4cd3-868b-8a527460aa84";
/// Written without response, and notified.
inline constexpr std::string_view ble_characteristic = "da2e7828-fbce-4e01-ae9e-261174997c48";
/// Of ATT, when nothing else was agreed on (Core Specification 5.4, volume 3, part F, 3.2.8).
inline constexpr std::size_t least_att_mtu = 23;

/// An attribute has at most 512 bytes, whatever the MTU (part F, 3.2.9), and BlueZ 5.66 as a server
/// drops commands of 512. This is what fits into Zephyr's largest MTU, 498.
inline constexpr std::size_t most_value_bytes = 495;

/// What a value holds: an opcode and a handle stand before it (part F, 3.4.5.3 and 3.4.7.1).
constexpr std::size_t value_bytes(std::size_t att_mtu) {
  return std::min(std::max(att_mtu, least_att_mtu) - 3, most_value_bytes);
}

/// A packet in values of at most `most_bytes`, which is at least 1.
std::vector<Bytes> to_values(ByteSpan packet, std::size_t most_bytes);

/// Puts packets together from values, by the length in their headers.
class PacketReader {
 public:
  void feed(ByteSpan value);
  /// The next whole packet.
  std::optional<Bytes> next();
  /// Drops a packet that is not whole: the rest of it does not come.
  void drop_partial() { partial_.clear(); }

 private:
  Bytes partial_;
  std::deque<Bytes> packets_;
};

}  // namespace aiot::smp
