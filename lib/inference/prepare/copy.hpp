#pragma once

#include "inference/prepare/common.hpp"

namespace aiot::inference {

/// An operator whose output has its input's bytes in another shape: RESHAPE, SQUEEZE, EXPAND_DIMS.
/// The output's shape is the file's; inputs that say it again are not read.
struct Copy {
  std::size_t bytes = 0;
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<Copy> prepare_copy(const Node& node);

/// Errc::unsupported_option unless values of the type have a fixed size.
Result<void> expect_movable(const Node& node, const Tensor& tensor, const std::string& name);

}  // namespace aiot::inference
