#include <array>

#include "job/discover/capture_feed.hpp"

namespace aiot::discover {

std::span<const PortDecoder> capture_decoders() {
  static constexpr std::array<PortDecoder, 9> decoders = {{
      {1900, observe_ssdp},
      {3702, observe_wsd},
      {5353, observe_mdns},
      {5683, observe_alibaba},
      {5683, observe_coap},
      {6666, observe_tuya},
      {6667, observe_tuya},
      {7000, observe_tuya},
      {54321, observe_miio},
  }};
  return decoders;
}

}  // namespace aiot::discover
