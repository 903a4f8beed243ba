#include <cmath>
#include <limits>

#include "inference/kernel/kernels.hpp"

namespace aiot::inference::kernel {
namespace {

/// `take(state, value)` over the part of each window that lies on the image, then `finish(state)`.
template <class State, class T, class Take, class Finish>
void pool(const PoolShape& s, const T* input, T* output, const Take& take, const Finish& finish) {
  for (std::int32_t batch = 0; batch < s.output.n; ++batch) {
    for (std::int32_t y = 0; y < s.output.h; ++y) {
      for (std::int32_t x = 0; x < s.output.w; ++x) {
        const auto top = y * s.window.stride_h - s.window.pad_top;
        const auto left = x * s.window.stride_w - s.window.pad_left;
        const auto first_y = top < 0 ? 0 : top;
        const auto first_x = left < 0 ? 0 : left;
        const auto end_y = top + s.window.h < s.input.h ? top + s.window.h : s.input.h;
        const auto end_x = left + s.window.w < s.input.w ? left + s.window.w : s.input.w;
        for (std::int32_t channel = 0; channel < s.output.c; ++channel) {
          State state;
          for (auto in_y = first_y; in_y < end_y; ++in_y) {
            for (auto in_x = first_x; in_x < end_x; ++in_x) {
              take(state, input[s.input.at(batch, in_y, in_x, channel)]);
            }
          }
          output[s.output.at(batch, y, x, channel)] = finish(state);
        }
      }
    }
  }
}

template <class T>
struct Average {
  T sum = 0;
  std::int32_t count = 0;
};
constexpr auto average = [](auto& state, auto value) {
  state.sum += value;
  ++state.count;
};

template <class T>
struct Maximum {
  T value = std::numeric_limits<T>::lowest();
};
constexpr auto keep_largest = [](auto& state, auto value) {
  if (value > state.value) state.value = value;
};

}  // namespace

namespace {

template <class T>
void average_of_integers(const PoolShape& shape, Range<std::int32_t> range, const T* input,
                         T* output) {
  pool<Average<std::int32_t>>(shape, input, output, average, [&](const auto& state) {
    const auto sum = state.sum + shape.offset * state.count;
    const auto half = sum > 0 ? state.count / 2 : -(state.count / 2);
    return static_cast<T>(clamp((sum + half) / state.count - shape.offset, range));
  });
}

template <class T>
void largest_of_integers(const PoolShape& shape, Range<std::int32_t> range, const T* input,
                         T* output) {
  pool<Maximum<T>>(shape, input, output, keep_largest, [&](const auto& state) {
    return static_cast<T>(clamp<std::int32_t>(state.value, range));
  });
}

}  // namespace

void average_pool_2d(const PoolShape& shape, Range<std::int32_t> range, const std::int8_t* input,
                     std::int8_t* output) {
  average_of_integers(shape, range, input, output);
}

void average_pool_2d(const PoolShape& shape, Range<std::int32_t> range, const std::int16_t* input,
                     std::int16_t* output) {
  average_of_integers(shape, range, input, output);
}

void average_pool_2d(const PoolShape& shape, Range<float> range, const float* input,
                     float* output) {
  pool<Average<float>>(shape, input, output, average, [&](const auto& state) {
    return clamp(state.sum / static_cast<float>(state.count), range);
  });
}

void l2_pool_2d(const PoolShape& shape, Range<float> range, const float* input, float* output) {
  const auto add_square = [](auto& state, float value) {
    state.sum += value * value;
    ++state.count;
  };
  pool<Average<float>>(shape, input, output, add_square, [&](const auto& state) {
    return clamp(std::sqrt(state.sum / static_cast<float>(state.count)), range);
  });
}

void max_pool_2d(const PoolShape& shape, Range<std::int32_t> range, const std::int8_t* input,
                 std::int8_t* output) {
  largest_of_integers(shape, range, input, output);
}

void max_pool_2d(const PoolShape& shape, Range<std::int32_t> range, const std::int16_t* input,
                 std::int16_t* output) {
  largest_of_integers(shape, range, input, output);
}

void max_pool_2d(const PoolShape& shape, Range<float> range, const float* input, float* output) {
  pool<Maximum<float>>(shape, input, output, keep_largest,
                       [&](const auto& state) { return clamp(state.value, range); });
}

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

namespace {

template <class T>
void mean_of_integers(const MeanShape& shape, const MeanInt8& q, const T* input, T* output) {
  reduce<std::int32_t>(shape, input, output, [&](std::int32_t sum) {
    const auto result = multiply(sum - q.input_zero_point * shape.count, q.factor);
    return static_cast<T>(clamp<std::int32_t>(wrapping_add(result, q.output_zero_point),
                                              std::numeric_limits<T>::min(),
                                              std::numeric_limits<T>::max()));
  });
}

}  // namespace

void mean(const MeanShape& shape, const MeanInt8& q, const std::int8_t* input,
          std::int8_t* output) {
  mean_of_integers(shape, q, input, output);
}

void mean(const MeanShape& shape, const MeanInt8& q, const std::int16_t* input,
          std::int16_t* output) {
  mean_of_integers(shape, q, input, output);
}

void mean(const MeanShape& shape, const float* input, float* output) {
  reduce<float>(shape, input, output,
                [&](float sum) { return sum / static_cast<float>(shape.count); });
}

void sum(const MeanShape& shape, const float* input, float* output) {
  reduce<float>(shape, input, output, [](float sum) { return sum; });
}

namespace {

template <class T>
void reduce_to_extreme(bool maximum, const MeanShape& s, const T* input, T* output) {
  for_each_index(s.kept_extent, s.kept_step, [&](std::size_t first) {
    T best = input[first];
    for_each_index(s.reduced_extent, s.reduced_step, [&](std::size_t offset) {
      const T value = input[first + offset];
      if (maximum ? value > best : value < best) best = value;
    });
    *output++ = best;
  });
}

}  // namespace

void reduce_extreme(bool maximum, const MeanShape& shape, const std::int8_t* input,
                    std::int8_t* output) {
  reduce_to_extreme(maximum, shape, input, output);
}

void reduce_extreme(bool maximum, const MeanShape& shape, const float* input, float* output) {
  reduce_to_extreme(maximum, shape, input, output);
}

void reduce_all(const MeanShape& s, const std::uint8_t* input, std::uint8_t* output) {
  for_each_index(s.kept_extent, s.kept_step, [&](std::size_t first) {
    bool all = true;
    for_each_index(s.reduced_extent, s.reduced_step,
                   [&](std::size_t offset) { all = all && input[first + offset] != 0; });
    *output++ = static_cast<std::uint8_t>(all);
  });
}

}  // namespace aiot::inference::kernel
