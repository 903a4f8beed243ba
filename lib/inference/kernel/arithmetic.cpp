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

}  // namespace aiot::inference::kernel
