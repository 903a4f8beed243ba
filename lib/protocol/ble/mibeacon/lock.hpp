#pragma once

#include <vector>

#include "protocol/ble/reading.hpp"

namespace aiot::ble::mibeacon {

/// Object 0006, 5 bytes: whose finger, and whether it was known. False for a result that is not.
bool add_fingerprint(ByteSpan data, std::vector<Reading>& out);
/// Object 000B, 9 bytes: what was done to a lock, how, by which key. False for an unknown action.
bool add_lock(ByteSpan data, std::vector<Reading>& out);

}  // namespace aiot::ble::mibeacon
