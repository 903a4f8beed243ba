#include "sim/mac.hpp"

namespace aiot::sim {

esp::device::Mac next_mac(esp::device::Mac mac, unsigned by) {
  for (std::size_t i = 6; i-- > 3 && by > 0;) {
    by += mac[i];
    mac[i] = static_cast<std::uint8_t>(by);
    by >>= 8;
  }
  return mac;
}

}  // namespace aiot::sim
