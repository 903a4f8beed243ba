#pragma once

#include "job/pair/protocol.hpp"

namespace aiot::pair {

/// mesh:UUID, a Bluetooth mesh device that waits to be provisioned over PB-ADV.
bool takes_mesh(const Target& target);
net::Task<void> pair_mesh(Attempt& attempt);

}  // namespace aiot::pair
