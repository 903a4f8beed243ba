#pragma once

#include "protocol/esp/device/silicon.hpp"

namespace aiot::sim {

/// The MAC `by` devices after `mac`, of the same maker: the last three bytes count up.
esp::device::Mac next_mac(esp::device::Mac mac, unsigned by);

}  // namespace aiot::sim
