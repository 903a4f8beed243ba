#pragma once

#include <cstddef>
#include <cstdint>

namespace aiot::inference::kernel {

/// A block of values from one place to another, each with its own distances: what TRANSPOSE,
/// STRIDED_SLICE, SPLIT, CONCATENATION, PACK and PAD are made of. All in bytes but `extent`.
struct Move {
  static constexpr int rank = 8;
  std::size_t unit_bytes = 1;  ///< copied at once
  std::int32_t extent[rank] = {1, 1, 1, 1, 1, 1, 1, 1};
  std::ptrdiff_t input_step[rank] = {};  ///< may be negative
  std::ptrdiff_t output_step[rank] = {};
  std::size_t input_first = 0, output_first = 0;
};
void move(const Move& shape, const std::uint8_t* input, std::uint8_t* output);

/// Fills `bytes` with copies of `value`.
void fill(const std::uint8_t* value, std::size_t value_bytes, std::size_t bytes,
          std::uint8_t* output);

}  // namespace aiot::inference::kernel
