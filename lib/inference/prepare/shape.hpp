#pragma once

#include <vector>

#include "inference/prepare/common.hpp"

namespace aiot::inference {

/// SHAPE: the input's extents, which the file says.
struct ShapeOf {
  std::vector<std::int32_t> extents;
  std::int32_t output = 0;  ///< tensor of the model
};
Result<ShapeOf> prepare_shape(const Node& node);

}  // namespace aiot::inference
