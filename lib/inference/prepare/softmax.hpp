#pragma once

#include "inference/kernel/softmax.hpp"
#include "inference/prepare/common.hpp"

namespace aiot::inference {

/// SOFTMAX over the last dimension, ready for its kernel.
struct Softmax {
  std::int32_t rows = 1, depth = 1;
  Type type = Type::int8;              ///< or float32
  kernel::SoftmaxInt8 quantized;       ///< when int8
  float beta = 1;                      ///< when float32
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<Softmax> prepare_softmax(const Node& node);

}  // namespace aiot::inference
