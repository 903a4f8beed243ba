#pragma once

#include "job/pair/protocol.hpp"

namespace aiot::pair {

/// Alibaba's Link Kit at the device's own access point: alibaba://HOST. The proof of possession, if
/// the device needs one, is its product secret.
bool takes_alibaba(const Target& target);
net::Task<void> pair_alibaba(Attempt& attempt);

}  // namespace aiot::pair
