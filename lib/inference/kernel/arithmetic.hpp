#pragma once

#include "inference/kernel/broadcast.hpp"
#include "inference/kernel/shape.hpp"

namespace aiot::inference::kernel {

/// Int8 ADD and SUB: both inputs are brought to one scale, 20 bits higher, and the sum to the
/// output's. Int8 MUL: the product, times `factor_output`.
struct ArithmeticInt8 {
  std::int32_t offset_a = 0, offset_b = 0;  ///< minus the zero points
  std::int32_t output_offset = 0;
  Factor factor_a, factor_b;  ///< ADD and SUB only
  Factor factor_output;
  Range<std::int32_t> range{-128, 127};
};
constexpr int add_left_shift = 20;

void add(const Broadcast& shape, const ArithmeticInt8& quantized, const std::int8_t* a,
         const std::int8_t* b, std::int8_t* output);
void add(const Broadcast& shape, Range<float> range, const float* a, const float* b, float* output);
void sub(const Broadcast& shape, const ArithmeticInt8& quantized, const std::int8_t* a,
         const std::int8_t* b, std::int8_t* output);
void sub(const Broadcast& shape, Range<float> range, const float* a, const float* b, float* output);
void mul(const Broadcast& shape, const ArithmeticInt8& quantized, const std::int8_t* a,
         const std::int8_t* b, std::int8_t* output);
void mul(const Broadcast& shape, Range<float> range, const float* a, const float* b, float* output);

}  // namespace aiot::inference::kernel
