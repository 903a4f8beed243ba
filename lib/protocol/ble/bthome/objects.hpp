#pragma once

#include <optional>
#include <vector>

#include "protocol/ble/reading.hpp"

namespace aiot::ble::bthome {

/// What a frame's objects say.
struct Objects {
  std::optional<std::uint8_t> packet_id;  ///< changes when the readings do
  /// In the frame's order. The second of a name is called "temperature_2", as receivers do.
  std::vector<Reading> readings;
  /// False when an object is not known, or the data broke off inside one: what came before is here.
  bool complete = true;
};

/// Objects of version 2 (bthome.io/format, object ids 00 to 64 and F0 to F2), or of version 1, in
/// which each object tells its own length and number format.
Objects parse_objects(int version, ByteSpan payload);

}  // namespace aiot::ble::bthome
