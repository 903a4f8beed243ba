#include "inference/kernel/activation.hpp"

#include <cmath>

#include "inference/kernel/exponential.hpp"

namespace aiot::inference::kernel {

void look_up(const std::uint8_t* table, std::size_t count, const std::uint8_t* input,
             std::uint8_t* output) {
  for (std::size_t i = 0; i < count; ++i) output[i] = table[input[i]];
}

namespace {

/// `function` of the value in Q4, with `bits` behind the point, plus `offset`.
template <class F>
std::int8_t sigmoid(const SigmoidInt8& q, std::int8_t value, int bits, std::int32_t offset,
                    const F& function) {
  const auto input = value - q.zero_point;
  if (input <= -q.radius) return -128;
  if (input >= q.radius) return 127;
  const auto result = function(multiply(input, q.factor));
  return to_int8(divide_by_power_of_two(result, 31 - bits) + offset);
}

std::int16_t to_int16(std::int32_t value) {
  return static_cast<std::int16_t>(clamp<std::int32_t>(value, -32'768, 32'767));
}

/// x * 2^exponent, saturated.
std::int16_t shift_left(std::int16_t x, std::int32_t exponent) {
  const std::int64_t wide = static_cast<std::int64_t>(x) * (1LL << exponent);
  return static_cast<std::int16_t>(clamp<std::int64_t>(wide, -32'768, 32'767));
}

/// round(a * b / 2^15)
std::int16_t rounding_high_multiply(std::int16_t a, std::int16_t b) {
  if (a == -32'768 && b == -32'768) return 32'767;
  const std::int32_t product = a * b;
  const std::int32_t nudge = product >= 0 ? 1 << 14 : 1 - (1 << 14);
  return static_cast<std::int16_t>((product + nudge) / (1 << 15));
}

/// a * b / 2^15, towards 0.
std::int16_t truncating_high_multiply(std::int16_t a, std::int16_t b) {
  if (a == -32'768 && b == -32'768) return 32'767;
  return static_cast<std::int16_t>(a * b / (1 << 15));
}

}  // namespace

std::int8_t logistic(const SigmoidInt8& quantized, std::int8_t value) {
  return sigmoid(quantized, value, 8, -128, logistic_of);
}

std::int8_t tanh(const SigmoidInt8& quantized, std::int8_t value) {
  return sigmoid(quantized, value, 7, 0, tanh_of);
}

std::int8_t hard_swish(const HardSwishInt8& q, std::int8_t value) {
  const auto input = static_cast<std::int16_t>((value - q.input_zero_point) * (1 << 7));
  // relu6(x + 3) / 6 in Q0: x as a part of 3, saturated, then from -1..1 to 0..1.
  auto part = input;
  if (q.relu_exponent > 0) part = shift_left(part, q.relu_exponent - 1);
  part = rounding_high_multiply(part, q.relu_multiplier);
  if (q.relu_exponent > 0) part = shift_left(part, 1);
  if (q.relu_exponent < 0) {
    part = static_cast<std::int16_t>(divide_by_power_of_two(part, -q.relu_exponent));
  }
  part = static_cast<std::int16_t>((part + (1 << 15)) >> 1);
  const auto product =
      truncating_high_multiply(part, rounding_high_multiply(input, q.output_multiplier));
  return to_int8(to_int16(divide_by_power_of_two(product, -q.output_exponent)) +
                 q.output_zero_point);
}

std::int8_t leaky_relu(const LeakyReluInt8& q, std::int8_t value) {
  const auto input = value - q.input_zero_point;
  auto result = multiply(input, input >= 0 ? q.positive : q.negative);
  if (input < 0 && q.negative_alpha) result = wrapping_add(~result, 1);
  return to_int8(wrapping_add(result, q.output_zero_point));
}

std::int32_t rescale(const RescaleInt8& q, std::int32_t value) {
  const auto result = multiply(value - q.input_zero_point, q.factor);
  return clamp(wrapping_add(result, q.output_zero_point), q.range);
}

namespace {

float logistic(float x) {
  // Beyond these, 1 and exp(x) are the nearest floats.
  constexpr float is_one = 16.619047164916992F;
  constexpr float is_exp = -9;
  if (x > is_one) return 1;
  if (x < is_exp) return std::exp(x);
  return 1 / (1 + std::exp(-x));
}

}  // namespace

void apply(Function function, float alpha, std::size_t count, const float* input, float* output) {
  const auto each = [&](const auto& f) {
    for (std::size_t i = 0; i < count; ++i) output[i] = f(input[i]);
  };
  switch (function) {
    case Function::relu: return each([](float x) { return x < 0 ? 0 : x; });
    case Function::relu6: return each([](float x) { return clamp(x, 0.0F, 6.0F); });
    case Function::leaky_relu: return each([&](float x) { return x > 0 ? x : x * alpha; });
    case Function::logistic: return each([](float x) { return logistic(x); });
    case Function::tanh: return each([](float x) { return std::tanh(x); });
    case Function::hard_swish:
      return each([](float x) { return x * clamp(x + 3, 0.0F, 6.0F) / 6; });
  }
}

}  // namespace aiot::inference::kernel
