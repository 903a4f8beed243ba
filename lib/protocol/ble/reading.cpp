#include "protocol/ble/reading.hpp"

namespace aiot::ble {

std::string full_name(const Reading& reading) {
  if (reading.unit.empty()) return reading.name;
  return reading.name + "_" + std::string(reading.unit);
}

Value scaled(std::int64_t number, std::int64_t multiplier, std::int64_t divisor) {
  if (multiplier == 1 && divisor == 1) return number;
  return static_cast<double>(number) * static_cast<double>(multiplier) /
         static_cast<double>(divisor);
}

}  // namespace aiot::ble
