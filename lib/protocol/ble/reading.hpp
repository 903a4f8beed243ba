#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aiot/value.hpp"

namespace aiot::ble {

/// One thing an advert measures or tells: a number with its unit, true or false, or words.
struct Reading {
  std::string name;            ///< "temperature", "motion", "button"
  Value value;                 ///< bool, integer, double, string or bytes
  std::string_view unit = {};  ///< as a name ends: "celsius", "percent"; "" where there is none
};

/// "temperature_celsius", "motion".
std::string full_name(const Reading& reading);

/// `number` times `multiplier` / `divisor`, as near as a double gets: 2506 / 100 is 25.06. Stays an
/// integer when both are 1.
Value scaled(std::int64_t number, std::int64_t multiplier, std::int64_t divisor);

/// Calls the second of a name "temperature_2", and takes out readings without a value, which count.
void settle(std::vector<Reading>& readings);

/// `number`, or null for one that is none or has no end: JSON has no such thing.
Value finite(double number);

}  // namespace aiot::ble
