#include <bit>

#include "inference/kernel/exponential.hpp"
#include "inference/kernel/kernels.hpp"

namespace aiot::inference::kernel {
namespace {

std::int8_t finish(const ArithmeticInt8& q, std::int32_t value) {
  const auto result = wrapping_add(multiply(value, q.factor_output), q.output_offset);
  return static_cast<std::int8_t>(clamp(result, q.range));
}

/// An input of ADD or SUB in the common scale.
std::int32_t scaled(std::int32_t value, Factor factor) {
  return multiply(value * (1 << add_left_shift), factor);
}

}  // namespace

void add(const Broadcast& shape, const ArithmeticInt8& q, const std::int8_t* a,
         const std::int8_t* b, std::int8_t* output) {
  for_each_pair(shape, a, b, output, [&](std::int8_t x, std::int8_t y) {
    return finish(q, scaled(x + q.offset_a, q.factor_a) + scaled(y + q.offset_b, q.factor_b));
  });
}

void add(const Broadcast& shape, Range<float> range, const float* a, const float* b,
         float* output) {
  for_each_pair(shape, a, b, output, [&](float x, float y) { return clamp(x + y, range); });
}

void sub(const Broadcast& shape, const ArithmeticInt8& q, const std::int8_t* a,
         const std::int8_t* b, std::int8_t* output) {
  for_each_pair(shape, a, b, output, [&](std::int8_t x, std::int8_t y) {
    return finish(q, scaled(x + q.offset_a, q.factor_a) - scaled(y + q.offset_b, q.factor_b));
  });
}

void sub(const Broadcast& shape, Range<float> range, const float* a, const float* b,
         float* output) {
  for_each_pair(shape, a, b, output, [&](float x, float y) { return clamp(x - y, range); });
}

void mul(const Broadcast& shape, const ArithmeticInt8& q, const std::int8_t* a,
         const std::int8_t* b, std::int8_t* output) {
  for_each_pair(shape, a, b, output, [&](std::int8_t x, std::int8_t y) {
    return finish(q, (x + q.offset_a) * (y + q.offset_b));
  });
}

void mul(const Broadcast& shape, Range<float> range, const float* a, const float* b,
         float* output) {
  for_each_pair(shape, a, b, output, [&](float x, float y) { return clamp(x * y, range); });
}

namespace {

/// x / y as the reference has it: x times 1 / y, each with as many bits as there are.
std::int32_t quotient(const ArithmeticInt8& q, std::int32_t x, std::int32_t y) {
  if (y == 0) return x < 0 ? q.range.low : (x > 0 ? q.range.high : q.output_offset);
  if (y < 0) {
    x = -x;
    y = -y;
  }
  const int leading = std::countl_zero(static_cast<std::uint32_t>(y));
  const auto over_one =
      static_cast<std::int32_t>((static_cast<std::uint32_t>(y) << leading) - (1U << 31));
  const int headroom = __builtin_clrsb(x);
  const auto unscaled = high_multiply(x * (1 << headroom), one_over_one_plus(over_one));
  const int right = 31 - leading + headroom - q.factor_output.shift;
  if (right > 31) return q.output_offset;
  return q.output_offset +
         divide_by_power_of_two(high_multiply(unscaled, q.factor_output.multiplier), right);
}

}  // namespace

void div(const Broadcast& shape, const ArithmeticInt8& q, const std::int8_t* a,
         const std::int8_t* b, std::int8_t* output) {
  for_each_pair(shape, a, b, output, [&](std::int8_t x, std::int8_t y) {
    const auto result = quotient(q, x + q.offset_a, y + q.offset_b);
    return static_cast<std::int8_t>(clamp(result, q.range));
  });
}

void div(const Broadcast& shape, Range<float> range, const float* a, const float* b,
         float* output) {
  for_each_pair(shape, a, b, output, [&](float x, float y) { return clamp(x / y, range); });
}

void squared_difference(const Broadcast& shape, const ArithmeticInt8& q, const std::int8_t* a,
                        const std::int8_t* b, std::int8_t* output) {
  const auto brought = [](std::int32_t value, Factor factor) {
    return multiply(value * (1 << difference_left_shift), factor);
  };
  for_each_pair(shape, a, b, output, [&](std::int8_t x, std::int8_t y) {
    const auto difference =
        brought(x + q.offset_a, q.factor_a) - brought(y + q.offset_b, q.factor_b);
    return finish(q, difference * difference);
  });
}

void squared_difference(const Broadcast& shape, Range<float> /*range*/, const float* a,
                        const float* b, float* output) {
  for_each_pair(shape, a, b, output, [](float x, float y) { return (x - y) * (x - y); });
}

void prelu(const Broadcast& shape, const ArithmeticInt8& q, const std::int8_t* input,
           const std::int8_t* alpha, std::int8_t* output) {
  for_each_pair(shape, input, alpha, output, [&](std::int8_t x, std::int8_t y) {
    const std::int32_t value = x + q.offset_a;
    const auto result =
        value >= 0 ? multiply(value, q.factor_a) : multiply(value * (y + q.offset_b), q.factor_b);
    return to_int8(wrapping_add(result, q.output_offset));
  });
}

void prelu(const Broadcast& shape, const float* input, const float* alpha, float* output) {
  for_each_pair(shape, input, alpha, output, [](float x, float y) { return x >= 0 ? x : x * y; });
}

}  // namespace aiot::inference::kernel
