#pragma once

#include "inference/kernel/kernels.hpp"

/// What reads or writes at positions that are values themselves. Only these know while they run
/// whether a position is in range: they return false when one is not, and stop there.
namespace aiot::inference::kernel {

/// GATHER_ND: for each of `count` positions of `depth` indices, the run of `run_bytes` there.
struct GatherNdShape {
  static constexpr int rank = 8;
  std::size_t count = 1, run_bytes = 1;
  int depth = 1;
  std::int32_t extent[rank] = {};
  std::size_t step[rank] = {};  ///< in runs
};
bool gather_nd(const GatherNdShape& shape, const std::uint8_t* input, const std::int32_t* positions,
               std::uint8_t* output);
/// The same from int8 to float32, for the rows of EMBEDDING_LOOKUP.
bool gather_nd(const GatherNdShape& shape, float scale, const std::int8_t* input,
               const std::int32_t* positions, float* output);

/// DYNAMIC_UPDATE_SLICE: where a block begins, in bytes. Positions are brought to where the block
/// lies inside.
struct UpdatePlace {
  static constexpr int rank = 8;
  int depth = 0;                 ///< positions
  std::int32_t last[rank] = {};  ///< the largest position with which the block fits
  std::size_t step[rank] = {};
};
template <class T>
std::size_t offset_of(const UpdatePlace& place, const T* positions) {
  std::size_t offset = 0;
  for (int d = 0; d < place.depth; ++d) {
    const auto at = clamp<std::int64_t>(positions[d], 0, place.last[d]);
    offset += static_cast<std::size_t>(at) * place.step[d];
  }
  return offset;
}

/// SELECT_V2: output[i] = condition ? a : b, of values of `unit_bytes` (1, 2, 4 or 8).
struct SelectShape {
  Broadcast values;
  std::size_t step_condition[Broadcast::rank] = {};
};
void select(const SelectShape& shape, std::size_t unit_bytes, const std::uint8_t* condition,
            const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* output);

/// BROADCAST_ARGS: from the last extents on, the one that is not 1; false when two differ.
template <class T>
bool broadcast_args(std::size_t count_a, const T* a, std::size_t count_b, const T* b, T* output) {
  const auto count = count_a > count_b ? count_a : count_b;
  for (std::size_t i = 1; i <= count; ++i) {
    const T x = i <= count_a ? a[count_a - i] : 1;
    const T y = i <= count_b ? b[count_b - i] : 1;
    if (x != 1 && y != 1 && x != y) return false;
    output[count - i] = x == 1 ? y : x;
  }
  return true;
}

}  // namespace aiot::inference::kernel
