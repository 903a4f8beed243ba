#pragma once

#include "inference/kernel/shape.hpp"

namespace aiot::inference::kernel {

/// Int8 softmax: differences to the row's largest, as Q5 by `beta`; what is below
/// `least_difference` counts as 0. The result's scale is 1/256, its zero point -128.
struct SoftmaxInt8 {
  Factor beta;
  std::int32_t least_difference = 0;
};

/// SOFTMAX over the last dimension of [rows][depth].
void softmax(std::int32_t rows, std::int32_t depth, const SoftmaxInt8& quantized,
             const std::int8_t* input, std::int8_t* output);
void softmax(std::int32_t rows, std::int32_t depth, float beta, const float* input, float* output);

}  // namespace aiot::inference::kernel
