#include "protocol/smp/ble.hpp"

#include <algorithm>
#include <utility>

#include "protocol/smp/packet.hpp"

namespace aiot::smp {
namespace {

/// Bounded for a peer that sends faster than anybody asks.
constexpr std::size_t most_packets = 64;

}  // namespace

std::vector<Bytes> to_values(ByteSpan packet, std::size_t most_bytes) {
  std::vector<Bytes> out;
  for (std::size_t at = 0; at < packet.size(); at += most_bytes) {
    const ByteSpan part = packet.subspan(at, std::min(most_bytes, packet.size() - at));
    out.emplace_back(part.begin(), part.end());
  }
  return out;
}

void PacketReader::feed(ByteSpan value) {
  while (!value.empty()) {
    const std::size_t wanted =
        partial_.size() < header_bytes ? header_bytes : header_bytes + load_be16(&partial_[2]);
    const std::size_t count = std::min(value.size(), wanted - partial_.size());
    append(partial_, value.first(count));
    value = value.subspan(count);
    if (partial_.size() < header_bytes) return;
    const std::size_t whole = header_bytes + load_be16(&partial_[2]);
    // Nobody sends as much. Where the next packet begins is not known before the next value.
    if (whole > max_packet_bytes) return partial_.clear();
    if (partial_.size() < whole) continue;
    if (packets_.size() < most_packets) packets_.push_back(std::move(partial_));
    partial_.clear();
  }
}

std::optional<Bytes> PacketReader::next() {
  if (packets_.empty()) return std::nullopt;
  Bytes packet = std::move(packets_.front());
  packets_.pop_front();
  return packet;
}

}  // namespace aiot::smp
