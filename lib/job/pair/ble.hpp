#pragma once

#include "job/pair/protocol.hpp"

namespace aiot::pair {

/// ble:AA:BB:CC:DD:EE:FF (?adapter=hci1), or an ESP code whose transport is ble. What the device's
/// GATT services offer decides: ESP-IDF's provisioning, Improv, or else a bond.
bool takes_ble(const Target& target);
net::Task<void> pair_ble(Attempt& attempt);

/// bluetooth:AA:BB:CC:DD:EE:FF: a bond over BR/EDR.
bool takes_bluetooth(const Target& target);
net::Task<void> pair_bluetooth(Attempt& attempt);

}  // namespace aiot::pair
