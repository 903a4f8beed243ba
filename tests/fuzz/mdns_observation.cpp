// Packets of a capture on the mDNS port: whatever an observation offers as an address is one.
#include <cstdlib>

#include "aiot/address.hpp"
#include "job/discover/source.hpp"
#include "protocol/dnssd/message.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  discover::Packet packet;
  packet.from_address = "10.77.0.1";
  packet.from_port = 5353;
  packet.from_mac = "02:00:00:00:00:01";
  packet.payload = ByteSpan(data, size);
  static const discover::Decoder decode = [] {
    for (const discover::Protocol& protocol : discover::protocols()) {
      if (protocol.wire == &dnssd::udp_protocol) return protocol.decode;
    }
    std::abort();
  }();
  for (const discover::Observation& seen : decode(packet)) {
    if (seen.identities.empty() || seen.source != "mdns") std::abort();
    for (const std::string& address : seen.addresses) {
      if (!parse_address(address)) std::abort();
    }
    for (const discover::Evidence& fact : discover::evidence_of(seen)) {
      if (fact.fact.empty() || fact.confidence < 0 || fact.confidence > 1) std::abort();
    }
  }
  return 0;
}
