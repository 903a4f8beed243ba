#pragma once

#include <cstddef>

#include "inference/kernel/shape.hpp"

namespace aiot::inference::kernel {

/// Which values are averaged: for each index of the kept dimensions, those of the reduced ones.
struct MeanShape {
  static constexpr int rank = 8;
  std::int32_t kept_extent[rank] = {1, 1, 1, 1, 1, 1, 1, 1};
  std::size_t kept_step[rank] = {};
  std::int32_t reduced_extent[rank] = {1, 1, 1, 1, 1, 1, 1, 1};
  std::size_t reduced_step[rank] = {};
  std::int32_t count = 1;  ///< values of one mean
};

/// Int8 MEAN: `factor` has 1 / count in it.
struct MeanInt8 {
  std::int32_t input_zero_point = 0, output_zero_point = 0;
  Factor factor;
};

/// MEAN.
void mean(const MeanShape& shape, const MeanInt8& quantized, const std::int8_t* input,
          std::int8_t* output);
void mean(const MeanShape& shape, const float* input, float* output);

}  // namespace aiot::inference::kernel
