#pragma once

#include <cstddef>

#include "inference/kernel/shape.hpp"

namespace aiot::inference::kernel {

/// An image in another size.
struct ResizeShape {
  Shape input, output;  ///< n and c are the same
  bool align_corners = false;
  bool half_pixel_centers = false;
};

/// RESIZE_BILINEAR; int8 in fixed point with 10 bits behind the point.
void resize_bilinear(const ResizeShape& shape, const std::int8_t* input, std::int8_t* output);
void resize_bilinear(const ResizeShape& shape, const float* input, float* output);

/// RESIZE_NEAREST_NEIGHBOR of values of `unit_bytes`.
void resize_nearest_neighbor(const ResizeShape& shape, std::size_t unit_bytes,
                             const std::uint8_t* input, std::uint8_t* output);

}  // namespace aiot::inference::kernel
