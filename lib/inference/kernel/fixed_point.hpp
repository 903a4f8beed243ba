#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

/// The integer arithmetic of TensorFlow Lite Micro's reference kernels (gemmlowp's fixed point). No
/// allocation: this header and its folder also build for a microcontroller.
namespace aiot::inference::kernel {

/// Saturating rounding doubling high multiply: round(a * b / 2^31), ties away from zero for
/// positive products and towards zero for negative ones, as gemmlowp's nudge does it.
inline std::int32_t high_multiply(std::int32_t a, std::int32_t b) {
  constexpr auto lowest = std::numeric_limits<std::int32_t>::min();
  if (a == lowest && b == lowest) return std::numeric_limits<std::int32_t>::max();
  const std::int64_t product = static_cast<std::int64_t>(a) * b;
  const std::int64_t nudge = product >= 0 ? (1LL << 30) : 1 - (1LL << 30);
  return static_cast<std::int32_t>((product + nudge) / (1LL << 31));
}

/// x / 2^exponent, rounded to nearest, ties away from zero. 0 <= exponent <= 31.
inline std::int32_t divide_by_power_of_two(std::int32_t x, int exponent) {
  const std::int32_t mask = static_cast<std::int32_t>((1LL << exponent) - 1);
  const std::int32_t remainder = x & mask;
  const std::int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

/// Sums that go round at 2^32, as every ISA's registers do: a hostile bias or scale overflows.
inline std::int32_t wrapping_add(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

/// A real factor as multiplier * 2^(shift - 31), 2^30 <= multiplier < 2^31; or 0 and 0.
struct Factor {
  std::int32_t multiplier = 0;
  std::int32_t shift = 0;  ///< > 0: left
};

/// x times the factor, rounded twice as the reference kernels do (not TFLITE_SINGLE_ROUNDING).
inline std::int32_t multiply(std::int32_t x, Factor factor) {
  const int left = factor.shift > 0 ? factor.shift : 0;
  const int right = factor.shift > 0 ? 0 : -factor.shift;
  const auto shifted = static_cast<std::int32_t>(static_cast<std::uint32_t>(x) << left);
  return divide_by_power_of_two(high_multiply(shifted, factor.multiplier), right);
}

/// A wide sum times the factor, whose upper 16 bits count, rounded once: -31 <= shift <= 7, and the
/// sum within 48 bits, else it goes round.
inline std::int32_t multiply_wide(std::int64_t x, Factor factor) {
  const std::int64_t multiplier =
      factor.multiplier < 0x7fff0000 ? (factor.multiplier + (1 << 15)) >> 16 : 0x7fff;
  const int right = 15 - factor.shift;
  const auto product = static_cast<std::uint64_t>(x) * static_cast<std::uint64_t>(multiplier) +
                       (std::uint64_t{1} << (right - 1));
  return static_cast<std::int32_t>(static_cast<std::int64_t>(product) >> right);
}

/// The factor for 0 <= `value` < 2^30, as the reference kernels quantise it: what is below 2^-32 is
/// 0.
inline Factor factor_of(double value) {
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
