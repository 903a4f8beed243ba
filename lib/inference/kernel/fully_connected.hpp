#pragma once

#include "inference/kernel/shape.hpp"

namespace aiot::inference::kernel {

/// output[rows][outputs] = input[rows][depth] x weights[outputs][depth], transposed, + bias.
struct MatrixShape {
  std::int32_t rows = 1, depth = 1, outputs = 1;
};

/// FULLY_CONNECTED. `bias` may be null.
void fully_connected(const MatrixShape& shape, const Requantize& quantized,
                     const std::int8_t* input, const std::int8_t* weights, const std::int32_t* bias,
                     std::int8_t* output);
void fully_connected(const MatrixShape& shape, Range<float> range, const float* input,
                     const float* weights, const float* bias, float* output);

}  // namespace aiot::inference::kernel
