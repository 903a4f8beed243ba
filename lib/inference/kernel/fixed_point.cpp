#include "inference/kernel/fixed_point.hpp"

#include <cmath>

namespace aiot::inference::kernel {

Factor factor_of(double value) {
  if (value == 0) return {};
  int exponent = 0;
  const double mantissa = std::frexp(value, &exponent);
  auto multiplier = static_cast<std::int64_t>(std::round(mantissa * (1LL << 31)));
  if (multiplier == (1LL << 31)) {
    multiplier /= 2;
    ++exponent;
  }
  if (exponent < -31) return {};
  return {static_cast<std::int32_t>(multiplier), exponent};
}

}  // namespace aiot::inference::kernel
