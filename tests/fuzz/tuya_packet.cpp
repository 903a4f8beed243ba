// A Tuya broadcast: as it is, and its JSON alone.
#include <cstdlib>

#include "protocol/tuya/packet.hpp"

using namespace aiot;
using namespace aiot::tuya;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, size);
  if (const Result<Packet> packet = decode_broadcast(bytes)) {
    if (packet->text.size() > size) std::abort();
    if (const auto said = parse_announcement(packet->text)) {
      if (said->device_id.empty() || said->ip.size() > 256) std::abort();
    }
  }
  parse_announcement(to_string(bytes)).has_value();
  return 0;
}
