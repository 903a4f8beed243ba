#include "inference/kernel/mean.hpp"

namespace aiot::inference::kernel {
namespace {

/// Calls `visit(offset)` for each index, the last dimension first.
template <class F>
void for_each_index(const std::int32_t* extent, const std::size_t* step, const F& visit) {
  std::int32_t index[MeanShape::rank] = {};
  for (;;) {
    std::size_t offset = 0;
    for (int d = 0; d < MeanShape::rank; ++d) offset += index[d] * step[d];
    visit(offset);
    int d = MeanShape::rank - 1;
    while (d >= 0 && ++index[d] == extent[d]) index[d--] = 0;
    if (d < 0) return;
  }
}

template <class Sum, class T, class Finish>
void reduce(const MeanShape& s, const T* input, T* output, const Finish& finish) {
  for_each_index(s.kept_extent, s.kept_step, [&](std::size_t first) {
    Sum sum = 0;
    for_each_index(s.reduced_extent, s.reduced_step,
                   [&](std::size_t offset) { sum += input[first + offset]; });
    *output++ = finish(sum);
  });
}

}  // namespace

void mean(const MeanShape& shape, const MeanInt8& q, const std::int8_t* input,
          std::int8_t* output) {
  reduce<std::int32_t>(shape, input, output, [&](std::int32_t sum) {
    const auto result = multiply(sum - q.input_zero_point * shape.count, q.factor);
    return to_int8(wrapping_add(result, q.output_zero_point));
  });
}

void mean(const MeanShape& shape, const float* input, float* output) {
  reduce<float>(shape, input, output,
                [&](float sum) { return sum / static_cast<float>(shape.count); });
}

}  // namespace aiot::inference::kernel
