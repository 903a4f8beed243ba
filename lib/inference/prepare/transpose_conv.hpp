#pragma once

#include "inference/kernel/transpose_conv.hpp"
#include "inference/prepare/requantization.hpp"

namespace aiot::inference {

/// TRANSPOSE_CONV, ready for its kernel.
struct TransposeConv {
  kernel::TransposeConvShape shape;
  Type type = Type::int8;                                     ///< or float32
  Requantization quantized;                                   ///< when int8
  kernel::Range<float> range;                                 ///< when float32
  std::int32_t input = 0, filter = 0, bias = -1, output = 0;  ///< tensors of the model
};
Result<TransposeConv> prepare_transpose_conv(const Node& node);

}  // namespace aiot::inference
