#include "protocol/ble/reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

void settle(std::vector<Reading>& readings) {
  std::vector<std::string> names;
  for (Reading& reading : readings) {
    names.push_back(full_name(reading));
    const auto count = std::ranges::count(names, names.back());
    if (count > 1) reading.name += fmt::format("_{}", count);
  }
  std::erase_if(readings, [](const Reading& reading) {
    return std::holds_alternative<std::nullptr_t>(reading.value.storage());
  });
}

Value finite(double number) {
  if (!std::isfinite(number)) return nullptr;
  return number;
}

}  // namespace aiot::ble
