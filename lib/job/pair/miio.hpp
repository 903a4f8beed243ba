#pragma once

#include "job/pair/protocol.hpp"

namespace aiot::pair {

/// miIO: miio://HOST, port 54321 unless it says another. The token goes to Request::token_file.
bool takes_miio(const Target& target);
net::Task<void> pair_miio(Attempt& attempt);

}  // namespace aiot::pair
