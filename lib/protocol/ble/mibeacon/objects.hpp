#pragma once

#include <vector>

#include "protocol/ble/reading.hpp"

namespace aiot::ble::mibeacon {

/// What a frame's objects say.
struct Objects {
  std::vector<Reading> readings;
  /// False when the data broke off inside an object: what came before is here.
  bool complete = true;
};

/// Objects: two bytes of id, one of length, the value. `product` decides where makers read the same
/// object in different ways. An object that is not known is "object_4c14", with its bytes.
Objects parse_objects(std::uint16_t product, ByteSpan payload);

/// True when `payload` is filled by objects that are known: what a wrong key makes seldom is.
bool looks_like_objects(ByteSpan payload);

}  // namespace aiot::ble::mibeacon
