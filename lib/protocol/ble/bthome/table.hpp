#pragma once

#include <cstdint>
#include <string_view>

namespace aiot::ble::bthome {

/// How an object's bytes are read.
enum class Form : std::uint8_t {
  number,     ///< unsigned, little-endian
  signed_,    ///< signed, little-endian
  boolean,    ///< not zero: true
  button,     ///< what a button did
  dimmer,     ///< direction, and steps
  text,       ///< length, UTF-8
  raw,        ///< length, bytes
  timestamp,  ///< seconds since 1970
  version,    ///< one number a byte, the last first
  packet_id,
};

/// One row of the table of objects.
struct ObjectType {
  std::uint8_t id;
  std::string_view name;
  std::string_view unit;
  Form form;
  std::uint8_t size;  ///< bytes; 0: the first byte says
  std::int64_t multiplier = 1;
  std::int64_t divisor = 1;
};

/// nullptr for an id that is not known.
const ObjectType* find_object_type(std::uint8_t id);

}  // namespace aiot::ble::bthome
