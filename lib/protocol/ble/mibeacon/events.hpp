#pragma once

#include <vector>

#include "protocol/ble/reading.hpp"

namespace aiot::ble::mibeacon {

/// Adds the readings of an object that has several, or tells an event: buttons, doors, locks,
/// scales. False when `id` is none of these, or `data` has another length.
bool add_event(std::uint16_t product, std::uint16_t id, ByteSpan data, std::vector<Reading>& out);

}  // namespace aiot::ble::mibeacon
