#pragma once

#include "inference/kernel/shape.hpp"

namespace aiot::inference::kernel {

/// Pooling over `window`; input and output have the same quantisation.
struct PoolShape {
  Shape input, output;
  Window window;
};

/// AVERAGE_POOL_2D: over the pixels of the window that lie on the image, rounded half away from 0.
void average_pool_2d(const PoolShape& shape, Range<std::int32_t> range, const std::int8_t* input,
                     std::int8_t* output);
void average_pool_2d(const PoolShape& shape, Range<float> range, const float* input, float* output);

/// MAX_POOL_2D.
void max_pool_2d(const PoolShape& shape, Range<std::int32_t> range, const std::int8_t* input,
                 std::int8_t* output);
void max_pool_2d(const PoolShape& shape, Range<float> range, const float* input, float* output);

}  // namespace aiot::inference::kernel
