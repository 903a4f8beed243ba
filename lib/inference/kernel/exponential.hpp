#pragma once

#include <bit>
#include <cstdint>

#include "inference/kernel/fixed_point.hpp"

/// exp(x), log(x), 1 / (1 + x) and 1 / sqrt(x) in fixed point, bit for bit as gemmlowp
/// (fixedpoint.h) and the reference kernels compute them. "Q5" has 5 integer bits, 26 behind the
/// point.
namespace aiot::inference::kernel {

/// x * 2^exponent, saturated; 0 <= exponent <= 30.
inline std::int32_t saturating_shift_left(std::int32_t x, int exponent) {
  const std::int64_t wide = static_cast<std::int64_t>(x) * (1LL << exponent);
  if (wide > std::numeric_limits<std::int32_t>::max()) {
    return std::numeric_limits<std::int32_t>::max();
  }
  if (wide < std::numeric_limits<std::int32_t>::min()) {
    return std::numeric_limits<std::int32_t>::min();
  }
  return static_cast<std::int32_t>(wide);
}

/// exp(x) in Q0 for -1/4 <= x < 0 in Q0: a Taylor series round -1/8.
inline std::int32_t exp_near_zero(std::int32_t a) {
  constexpr std::int32_t exp_of_minus_one_eighth = 1'895'147'668;
  constexpr std::int32_t one_third = 715'827'883;
  const std::int32_t x = a + (1 << 28);
  const std::int32_t x2 = high_multiply(x, x);
  const std::int32_t x3 = high_multiply(x2, x);
  const std::int32_t x4 = high_multiply(x2, x2);
  const std::int32_t x4_over_4 = divide_by_power_of_two(x4, 2);
  const std::int32_t tail =
      divide_by_power_of_two(high_multiply(x4_over_4 + x3, one_third) + x2, 1);
  return exp_of_minus_one_eighth + high_multiply(exp_of_minus_one_eighth, x + tail);
}

/// exp(x) in Q0 for x <= 0 with `integer_bits` (0 to 5) in front of the point.
inline std::int32_t exp_of_negative(std::int32_t a, int integer_bits) {
  struct Power {
    int exponent;              // of two
    std::int32_t exponential;  // exp(-2^exponent) in Q0
  };
  constexpr Power powers[] = {
      {-2, 1'672'461'947}, {-1, 1'302'514'674}, {0, 790'015'084}, {1, 290'630'308},
      {2, 39'332'535},     {3, 720'401},        {4, 242}};
  if (a == 0) return std::numeric_limits<std::int32_t>::max();
  const int fraction_bits = 31 - integer_bits;
  const std::int32_t quarter = 1 << (fraction_bits - 2);
  const std::int32_t modulo = (a & (quarter - 1)) - quarter;
  std::int32_t result = exp_near_zero(saturating_shift_left(modulo, integer_bits));
  const std::int32_t rest = modulo - a;
  for (const auto& power : powers) {
    if (power.exponent >= integer_bits) break;
    if ((rest & (1 << (fraction_bits + power.exponent))) != 0) {
      result = high_multiply(result, power.exponential);
    }
  }
  return result;
}

/// 2 / (1 + x) in Q2 for 0 <= x < 1 in Q0: three steps of Newton and Raphson.
inline std::int32_t two_over_one_plus(std::int32_t x) {
  constexpr std::int32_t forty_eight_over_17 = 1'515'870'810;        // Q2
  constexpr std::int32_t minus_thirty_two_over_17 = -1'010'580'540;  // Q2
  constexpr std::int32_t one = 1 << 29;                              // Q2
  const std::int64_t sum = static_cast<std::int64_t>(x) + std::numeric_limits<std::int32_t>::max();
  const auto half_denominator = static_cast<std::int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
  std::int32_t y = forty_eight_over_17 + high_multiply(half_denominator, minus_thirty_two_over_17);
  for (int i = 0; i < 3; ++i) {
    const std::int32_t error = one - high_multiply(half_denominator, y);
    y += saturating_shift_left(high_multiply(y, error), 2);
  }
  return y;
}

/// 1 / (1 + x) in Q0.
inline std::int32_t one_over_one_plus(std::int32_t x) {
  return saturating_shift_left(two_over_one_plus(x), 1);
}

/// (1 - x) / (1 + x) in Q0.
inline std::int32_t one_minus_over_one_plus(std::int32_t x) {
  return saturating_shift_left(two_over_one_plus(x) - (1 << 29), 2);
}

/// 1 / (1 + exp(-x)) in Q0 for x in Q4.
inline std::int32_t logistic_of(std::int32_t x) {
  if (x == 0) return 1 << 30;
  const auto positive = one_over_one_plus(exp_of_negative(x > 0 ? -x : x, 4));
  return x > 0 ? positive : std::numeric_limits<std::int32_t>::max() - positive;
}

/// tanh(x) in Q0 for x in Q4.
inline std::int32_t tanh_of(std::int32_t x) {
  if (x == 0) return 0;
  // exp(-2 |x|): the same bits, read as Q5.
  const auto positive = one_minus_over_one_plus(exp_of_negative(x > 0 ? -x : x, 5));
  return x > 0 ? positive : -positive;
}

/// x * 2^exponent: saturated to the left, rounded to the right.
inline std::int32_t shifted(std::int32_t x, int exponent) {
  return exponent >= 0 ? saturating_shift_left(x, exponent) : divide_by_power_of_two(x, -exponent);
}

/// log(x) in Q5 for x >= 1 in Q12: x is 2^n times r or, with an extra sqrt(1/2), 2^(n - 1/2) times
/// it, whichever keeps r in the middle; log(r) is a quotient of polynomials.
inline std::int32_t log_of_at_least_one(std::int32_t x) {
  constexpr int input_bits = 12;
  constexpr int accumulator_bits = 6;  // one more than the result's
  constexpr std::int32_t log_2 = 1'488'522'236;
  constexpr std::int32_t sqrt_sqrt_half = 1'805'811'301;
  constexpr std::int32_t sqrt_half = 1'518'500'250;
  constexpr std::int32_t alpha_n = 117'049'297;
  constexpr std::int32_t alpha_d = 127'690'142;
  constexpr std::int32_t alpha_i = 1'057'819'769;
  constexpr std::int32_t alpha_f = 638'450'708;
  constexpr std::int32_t quarter = 1 << (31 - 2 - accumulator_bits);
  const auto saturated = [](std::int64_t sum) {
    if (sum > std::numeric_limits<std::int32_t>::max()) {
      return std::numeric_limits<std::int32_t>::max();
    }
    return sum < std::numeric_limits<std::int32_t>::min() ? std::numeric_limits<std::int32_t>::min()
                                                          : static_cast<std::int32_t>(sum);
  };
  const int zeros_a = std::countl_zero(static_cast<std::uint32_t>(x));
  const auto r_a = shifted(high_multiply(shifted(x, zeros_a - 1), sqrt_half), 1);
  const auto power_a = saturated(
      static_cast<std::int64_t>(shifted(input_bits - zeros_a, 31 - accumulator_bits)) + quarter);
  const auto b = high_multiply(x, sqrt_half);
  const int zeros_b = std::countl_zero(static_cast<std::uint32_t>(b)) - 1;
  const auto r_b = shifted(x, zeros_b);
  const auto power_b = saturated(
      static_cast<std::int64_t>(shifted(input_bits - zeros_b, 31 - accumulator_bits)) - quarter);
  const auto r = r_a < r_b ? r_a : r_b;
  const auto power = power_a > power_b ? power_a : power_b;

  const std::int64_t sum = static_cast<std::int64_t>(r) + sqrt_sqrt_half;
  const auto p = static_cast<std::int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
  const auto q = wrapping_add(r - sqrt_sqrt_half, r - sqrt_sqrt_half);
  const auto square = high_multiply(q, q);
  const auto numerator =
      wrapping_add(high_multiply(q, r), high_multiply(high_multiply(q, square), alpha_n));
  const auto denominator_less_one = wrapping_add(
      high_multiply(p, wrapping_add(wrapping_add(alpha_i, q), high_multiply(alpha_d, square))),
      high_multiply(alpha_f, q));
  const auto quotient =
      high_multiply(shifted(numerator, -accumulator_bits), one_over_one_plus(denominator_less_one));
  return shifted(wrapping_add(high_multiply(power, log_2), quotient), 1);
}

/// 1 / sqrt(x) for an integer x >= 1: five steps of Newton and Raphson.
inline Factor inverse_sqrt(std::int32_t x) {
  if (x <= 1) return {std::numeric_limits<std::int32_t>::max(), 0};
  constexpr std::int32_t one_and_a_half = (1 << 28) + (1 << 27);  // Q3
  constexpr std::int32_t sqrt_half = 1'518'500'250;
  int shift = 11;
  while (x >= (1 << 29)) {
    x /= 4;
    ++shift;
  }
  const int pairs = (std::countl_zero(static_cast<std::uint32_t>(x)) - 1) / 2 - 1;
  shift -= pairs;
  const std::int32_t input = (x << (2 * pairs)) >> 1;
  const auto half_input = divide_by_power_of_two(input, 1);
  std::int32_t y = 1 << 28;  // Q3
  for (int i = 0; i < 5; ++i) {
    const auto cube = shifted(high_multiply(high_multiply(y, y), y), 6);
    y = shifted(high_multiply(one_and_a_half, y) - high_multiply(half_input, cube), 3);
  }
  y = high_multiply(y, sqrt_half);
  if (shift < 0) {
    y <<= -shift;
    shift = 0;
  }
  return {y, -shift};
}

}  // namespace aiot::inference::kernel
