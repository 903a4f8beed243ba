#pragma once

#include "inference/kernel/resize.hpp"
#include "inference/prepare/common.hpp"

namespace aiot::inference {

/// RESIZE_BILINEAR or RESIZE_NEAREST_NEIGHBOR, ready for its kernel.
struct Resize {
  bool bilinear = false;
  kernel::ResizeShape shape;
  Type type = Type::int8;              ///< or float32
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<Resize> prepare_resize(const Node& node);

}  // namespace aiot::inference
