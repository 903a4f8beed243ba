#pragma once

#include "inference/kernel/shape.hpp"

namespace aiot::inference::kernel {

/// A convolution backwards: `window` goes over the output. The filter is
/// [output.c][window.h][window.w][input.c].
struct TransposeConvShape {
  Shape input, output;
  Window window;  ///< without dilation
};

/// TRANSPOSE_CONV. `bias` may be null.
void transpose_conv(const TransposeConvShape& shape, const Requantize& quantized,
                    const std::int8_t* input, const std::int8_t* filter, const std::int32_t* bias,
                    std::int8_t* output);
void transpose_conv(const TransposeConvShape& shape, Range<float> range, const float* input,
                    const float* filter, const float* bias, float* output);

}  // namespace aiot::inference::kernel
