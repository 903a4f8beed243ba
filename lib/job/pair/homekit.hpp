#pragma once

#include "job/pair/protocol.hpp"

namespace aiot::pair {

/// A HomeKit code, or an address that discover prints for `_hap._tcp`.
bool takes_homekit(const Target& target);

/// Proves the code and the keys. Unless Request::token_file keeps these, the pairing is removed
/// again: also when something fails behind it, and when the user stops it.
net::Task<void> pair_homekit(Attempt& attempt);

}  // namespace aiot::pair
