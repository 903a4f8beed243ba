#pragma once

#include "inference/kernel/fully_connected.hpp"
#include "inference/prepare/requantization.hpp"

namespace aiot::inference {

/// FULLY_CONNECTED, ready for its kernel.
struct FullyConnected {
  kernel::MatrixShape shape;
  Type type = Type::int8;           ///< or float32
  Requantization quantized;         ///< when int8
  kernel::Range<float> range;       ///< when float32
  std::vector<float> real_weights;  ///< when float32 with int8 weights: instead of `weights`
  std::int32_t input = 0, weights = 0, bias = -1, output = 0;  ///< tensors of the model
};
Result<FullyConnected> prepare_fully_connected(const Node& node);

}  // namespace aiot::inference
