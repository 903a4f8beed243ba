#include "inference/kernel/softmax.hpp"

#include <bit>
#include <cmath>

#include "inference/kernel/exponential.hpp"

namespace aiot::inference::kernel {
namespace {

/// exp(difference) in Q0.
std::int32_t exp_of(std::int32_t difference, const SoftmaxInt8& q) {
  return exp_of_negative(multiply(difference, q.beta), 5);
}

void softmax_row(std::int32_t depth, const SoftmaxInt8& q, const std::int8_t* input,
                 std::int8_t* output) {
  std::int32_t largest = -128;
  for (std::int32_t i = 0; i < depth; ++i) largest = input[i] > largest ? input[i] : largest;
  std::int32_t sum = 0;  // Q12
  for (std::int32_t i = 0; i < depth; ++i) {
    const auto difference = input[i] - largest;
    if (difference >= q.least_difference) {
      sum = wrapping_add(sum, divide_by_power_of_two(exp_of(difference, q), 12));
    }
  }
  // 1 / sum: the bits in front of its leading one, then what is left as 1 + x.
  const int headroom = std::countl_zero(static_cast<std::uint32_t>(sum));
  const auto over_one =
      static_cast<std::int32_t>((static_cast<std::uint32_t>(sum) << headroom) - (1U << 31));
  const auto reciprocal = one_over_one_plus(over_one);
  const int exponent = 12 - headroom + 31 - 8;  // beyond 31, every share rounds to 0
  for (std::int32_t i = 0; i < depth; ++i) {
    const auto difference = input[i] - largest;
    if (difference < q.least_difference || exponent > 31) {
      output[i] = -128;
      continue;
    }
    const auto share =
        divide_by_power_of_two(high_multiply(reciprocal, exp_of(difference, q)), exponent);
    output[i] = static_cast<std::int8_t>(clamp<std::int32_t>(share - 128, -128, 127));
  }
}

}  // namespace

void softmax(std::int32_t rows, std::int32_t depth, const SoftmaxInt8& quantized,
             const std::int8_t* input, std::int8_t* output) {
  for (std::int32_t row = 0; row < rows; ++row, input += depth, output += depth) {
    softmax_row(depth, quantized, input, output);
  }
}

void softmax(std::int32_t rows, std::int32_t depth, float beta, const float* input, float* output) {
  for (std::int32_t row = 0; row < rows; ++row, input += depth, output += depth) {
    float largest = std::numeric_limits<float>::lowest();
    for (std::int32_t i = 0; i < depth; ++i) largest = input[i] > largest ? input[i] : largest;
    float sum = 0;
    for (std::int32_t i = 0; i < depth; ++i) {
      output[i] = std::exp((input[i] - largest) * beta);
      sum += output[i];
    }
    for (std::int32_t i = 0; i < depth; ++i) output[i] /= sum;
  }
}

}  // namespace aiot::inference::kernel
