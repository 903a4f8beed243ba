// SMP packets in values of a characteristic: what is put together is one packet, of a bounded
// length.
#include <cstdlib>

#include "protocol/smp/ble.hpp"
#include "protocol/smp/packet.hpp"

using namespace aiot;
using namespace aiot::smp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, size);
  PacketReader split;
  for (const Bytes& value : to_values(bytes, 20)) split.feed(value);
  while (const std::optional<Bytes> packet = split.next()) {
    if (packet->size() < header_bytes || packet->size() > max_packet_bytes) std::abort();
    PacketReader whole;
    whole.feed(*packet);
    if (whole.next() != packet || whole.next()) std::abort();
  }
  return 0;
}
