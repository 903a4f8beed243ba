#pragma once

#include "inference/kernel/conv.hpp"
#include "inference/prepare/requantization.hpp"

namespace aiot::inference {

/// CONV_2D or DEPTHWISE_CONV_2D, ready for its kernel.
struct Conv {
  bool depthwise = false;
  kernel::ConvShape shape;
  Type type = Type::int8;           ///< or float32
  Requantization quantized;         ///< when int8
  kernel::Range<float> range;       ///< when float32
  std::vector<float> real_weights;  ///< when float32 with int8 weights: instead of `filter`
  std::int32_t input = 0, filter = 0, bias = -1, output = 0;  ///< tensors of the model
};
Result<Conv> prepare_conv(const Node& node);

}  // namespace aiot::inference
