#include "inference/kernel/position.hpp"

#include <cstring>

namespace aiot::inference::kernel {
namespace {

/// `take(run, output run)` for each position: both in runs.
template <class Take>
bool for_each_position(const GatherNdShape& s, const std::int32_t* positions, const Take& take) {
  for (std::size_t i = 0; i < s.count; ++i, positions += s.depth) {
    std::size_t from = 0;
    for (int d = 0; d < s.depth; ++d) {
      if (positions[d] < 0 || positions[d] >= s.extent[d]) return false;
      from += static_cast<std::size_t>(positions[d]) * s.step[d];
    }
    take(from, i);
  }
  return true;
}

}  // namespace

bool gather_nd(const GatherNdShape& s, const std::uint8_t* input, const std::int32_t* positions,
               std::uint8_t* output) {
  return for_each_position(s, positions, [&](std::size_t from, std::size_t to) {
    std::memcpy(output + to * s.run_bytes, input + from * s.run_bytes, s.run_bytes);
  });
}

bool gather_nd(const GatherNdShape& s, float scale, const std::int8_t* input,
               const std::int32_t* positions, float* output) {
  return for_each_position(s, positions, [&](std::size_t from, std::size_t to) {
    for (std::size_t i = 0; i < s.run_bytes; ++i) {
      output[to * s.run_bytes + i] = static_cast<float>(input[from * s.run_bytes + i]) * scale;
    }
  });
}

void select(const SelectShape& s, std::size_t unit_bytes, const std::uint8_t* condition,
            const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* output) {
  constexpr int rank = Broadcast::rank;
  const auto& v = s.values;
  std::int32_t index[rank] = {};
  for (;;) {
    std::size_t at = 0;
    std::size_t at_a = 0;
    std::size_t at_b = 0;
    for (int d = 0; d < rank; ++d) {
      at += index[d] * s.step_condition[d];
      at_a += index[d] * v.step_a[d];
      at_b += index[d] * v.step_b[d];
    }
    std::memcpy(output, condition[at] != 0 ? a + at_a * unit_bytes : b + at_b * unit_bytes,
                unit_bytes);
    output += unit_bytes;
    int d = rank - 1;
    while (d >= 0 && ++index[d] == v.extent[d]) index[d--] = 0;
    if (d < 0) return;
  }
}

}  // namespace aiot::inference::kernel
