#pragma once

#include <cstdint>
#include <string_view>

namespace aiot::ble::mibeacon {

/// How the value of an object with one reading is read.
enum class Form : std::uint8_t {
  number,    ///< unsigned, little-endian
  signed_,   ///< signed, little-endian
  floating,  ///< IEEE 754, 4 bytes
  boolean,   ///< not zero: true
  inverted,  ///< zero: true
};

/// An object with one reading.
struct ObjectType {
  std::uint16_t id;
  std::string_view name;
  std::string_view unit;
  Form form;
  std::uint8_t size;  ///< bytes of the value; more may follow (a time)
  std::int64_t divisor = 1;
};

/// nullptr for an object that is not known, or has several readings.
const ObjectType* find_object_type(std::uint16_t id);

}  // namespace aiot::ble::mibeacon
