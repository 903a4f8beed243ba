#pragma once

#include <cstddef>

#include "inference/kernel/shape.hpp"

/// Functions of one value. An int8 function has 256 values: it is computed once for each when the
/// operator is prepared, and then looked up.
namespace aiot::inference::kernel {

/// output[i] = table[input[i]] for values of 8 bits, signed ones by their bits.
void look_up(const std::uint8_t* table, std::size_t count, const std::uint8_t* input,
             std::uint8_t* output);

/// LOGISTIC and TANH: the input in Q4, beyond +-`radius` the result is saturated.
struct SigmoidInt8 {
  std::int32_t zero_point = 0;
  std::int32_t radius = 0;
  Factor factor;
};
/// The result's scale is 1/256, its zero point -128.
std::int8_t logistic(const SigmoidInt8& quantized, std::int8_t value);
/// The result's scale is 1/128, its zero point 0.
std::int8_t tanh(const SigmoidInt8& quantized, std::int8_t value);

/// HARD_SWISH in 16-bit fixed point: multipliers of Q0 with 15 bits, and powers of two.
struct HardSwishInt8 {
  std::int32_t input_zero_point = 0, output_zero_point = 0;
  std::int16_t output_multiplier = 0;
  std::int32_t output_exponent = 0;  ///< -15 to 0
  std::int16_t relu_multiplier = 0;
  std::int32_t relu_exponent = 0;  ///< -15 to 30
};
std::int8_t hard_swish(const HardSwishInt8& quantized, std::int8_t value);

/// LEAKY_RELU: `positive` for values from 0 on, `negative` below, the latter perhaps turned round.
struct LeakyReluInt8 {
  std::int32_t input_zero_point = 0, output_zero_point = 0;
  Factor positive, negative;
  bool negative_alpha = false;
};
std::int8_t leaky_relu(const LeakyReluInt8& quantized, std::int8_t value);

/// QUANTIZE from 8 bits to 8 bits and RELU: another scale, clamped.
struct RescaleInt8 {
  std::int32_t input_zero_point = 0, output_zero_point = 0;
  Factor factor;
  Range<std::int32_t> range{-128, 127};
};
std::int32_t rescale(const RescaleInt8& quantized, std::int32_t value);

enum class Function : std::uint8_t { relu, relu6, leaky_relu, logistic, tanh, hard_swish };
/// `alpha` is that of leaky_relu.
void apply(Function function, float alpha, std::size_t count, const float* input, float* output);

}  // namespace aiot::inference::kernel
