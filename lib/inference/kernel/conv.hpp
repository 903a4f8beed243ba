#pragma once

#include "inference/kernel/shape.hpp"

namespace aiot::inference::kernel {

/// A convolution's shapes. The filter of CONV_2D is [output.c][window.h][window.w][group_channels];
/// that of DEPTHWISE_CONV_2D is [window.h][window.w][output.c].
struct ConvShape {
  Shape input, output;
  Window window;
  std::int32_t group_channels = 1;    ///< input channels that one output channel sees
  std::int32_t depth_multiplier = 1;  ///< output channels for each input channel, when depthwise
};

/// CONV_2D with `input.c / group_channels` groups. `bias` may be null.
void conv_2d(const ConvShape& shape, const Requantize& quantized, const std::int8_t* input,
             const std::int8_t* filter, const std::int32_t* bias, std::int8_t* output);
void conv_2d(const ConvShape& shape, Range<float> range, const float* input, const float* filter,
             const float* bias, float* output);

/// DEPTHWISE_CONV_2D. `bias` may be null.
void depthwise_conv_2d(const ConvShape& shape, const Requantize& quantized,
                       const std::int8_t* input, const std::int8_t* filter,
                       const std::int32_t* bias, std::int8_t* output);
void depthwise_conv_2d(const ConvShape& shape, Range<float> range, const float* input,
                       const float* filter, const float* bias, float* output);

}  // namespace aiot::inference::kernel
