#pragma once

#include <cstdint>
#include <string_view>

namespace aiot::ble::mibeacon {

/// Products whose objects are read in a way of their own.
inline constexpr std::uint16_t dimmer_ylkg07yl = 0x03B6;
inline constexpr std::uint16_t cube_xmmf01jqd = 0x04E1;
inline constexpr std::uint16_t motion_mjyd02yl = 0x07F6;
inline constexpr std::uint16_t motion_rtcgq02lm = 0x0A8D;
inline constexpr std::uint16_t door_mccgq02hl = 0x098B;
inline constexpr std::uint16_t presence_xmosb01xs = 0x4683;
inline constexpr std::uint16_t switch_k9b_1btn = 0x1568;
inline constexpr std::uint16_t switch_k9b_2btn = 0x1569;
inline constexpr std::uint16_t switch_k9b_3btn = 0x0DFD;

/// "LYWSD03MMC"; "" for a product that is not known.
std::string_view model_of(std::uint16_t product);

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
