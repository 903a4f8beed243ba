#pragma once

#include "job/pair/protocol.hpp"

namespace aiot::pair {

/// Improv Wi-Fi on serial:, rfc2217:// and tcp:// addresses.
bool takes_improv(const Target& target);
net::Task<void> pair_improv(Attempt& attempt);

}  // namespace aiot::pair
