#pragma once

#include "inference/kernel/mean.hpp"
#include "inference/prepare/common.hpp"

namespace aiot::inference {

/// MEAN over some dimensions, ready for its kernel.
struct Mean {
  kernel::MeanShape shape;
  Type type = Type::int8;              ///< or float32
  kernel::MeanInt8 quantized;          ///< when int8
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<Mean> prepare_mean(const Node& node);

}  // namespace aiot::inference
