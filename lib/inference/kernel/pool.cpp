#include "inference/kernel/pool.hpp"

#include <limits>

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
constexpr auto maximum = [](auto& state, auto value) {
  if (value > state.value) state.value = value;
};

}  // namespace

void average_pool_2d(const PoolShape& shape, Range<std::int32_t> range, const std::int8_t* input,
                     std::int8_t* output) {
  pool<Average<std::int32_t>>(shape, input, output, average, [&](const auto& state) {
    const auto half = state.sum > 0 ? state.count / 2 : -(state.count / 2);
    return static_cast<std::int8_t>(clamp((state.sum + half) / state.count, range));
  });
}

void average_pool_2d(const PoolShape& shape, Range<float> range, const float* input,
                     float* output) {
  pool<Average<float>>(shape, input, output, average, [&](const auto& state) {
    return clamp(state.sum / static_cast<float>(state.count), range);
  });
}

void max_pool_2d(const PoolShape& shape, Range<std::int32_t> range, const std::int8_t* input,
                 std::int8_t* output) {
  pool<Maximum<std::int8_t>>(shape, input, output, maximum, [&](const auto& state) {
    return static_cast<std::int8_t>(clamp<std::int32_t>(state.value, range));
  });
}

void max_pool_2d(const PoolShape& shape, Range<float> range, const float* input, float* output) {
  pool<Maximum<float>>(shape, input, output, maximum,
                       [&](const auto& state) { return clamp(state.value, range); });
}

}  // namespace aiot::inference::kernel
