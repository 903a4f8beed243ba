#pragma once

#include "inference/kernel/pool.hpp"
#include "inference/prepare/common.hpp"

namespace aiot::inference {

/// AVERAGE_POOL_2D or MAX_POOL_2D, ready for its kernel.
struct Pool {
  bool maximum = false;
  kernel::PoolShape shape;
  Type type = Type::int8;              ///< or float32
  kernel::Range<std::int32_t> range;   ///< when int8
  kernel::Range<float> real_range;     ///< when float32
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<Pool> prepare_pool(const Node& node);

}  // namespace aiot::inference
