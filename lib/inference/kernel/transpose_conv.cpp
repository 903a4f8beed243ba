#include "inference/kernel/transpose_conv.hpp"

namespace aiot::inference::kernel {
namespace {

/// Calls `tap(in, filter)` for the lines of the input, in their order, that reach line `at` of the
/// output through a filter of `window` lines.
template <class F>
void for_each_line(std::int32_t at, std::int32_t pad, std::int32_t window, std::int32_t stride,
                   std::int32_t input, const F& tap) {
  for (auto filter = window - 1; filter >= 0; --filter) {
    const auto scaled = at + pad - filter;
    if (scaled < 0 || scaled % stride != 0 || scaled / stride >= input) continue;
    tap(scaled / stride, filter);
  }
}

template <class Sum, class T, class Add, class Finish>
void each_output(const TransposeConvShape& s, const T* input, const T* filter, T* output,
                 const Add& multiply_add, const Finish& finish) {
  const auto& w = s.window;
  const Shape weights{s.output.c, w.h, w.w, s.input.c};
  for (std::int32_t batch = 0; batch < s.output.n; ++batch) {
    for (std::int32_t y = 0; y < s.output.h; ++y) {
      for (std::int32_t x = 0; x < s.output.w; ++x) {
        for (std::int32_t channel = 0; channel < s.output.c; ++channel) {
          Sum sum = 0;
          for_each_line(y, w.pad_top, w.h, w.stride_h, s.input.h, [&](auto in_y, auto filter_y) {
            for_each_line(x, w.pad_left, w.w, w.stride_w, s.input.w, [&](auto in_x, auto filter_x) {
              const auto* pixel = input + s.input.at(batch, in_y, in_x, 0);
              const auto* weight = filter + weights.at(channel, filter_y, filter_x, 0);
              for (std::int32_t i = 0; i < s.input.c; ++i) {
                sum = multiply_add(sum, pixel[i], weight[i]);
              }
            });
          });
          *output++ = finish(sum, channel);
        }
      }
    }
  }
}

}  // namespace

void transpose_conv(const TransposeConvShape& shape, const Requantize& q, const std::int8_t* input,
                    const std::int8_t* filter, const std::int32_t* bias, std::int8_t* output) {
  each_output<std::int32_t>(
      shape, input, filter, output,
      [&](std::int32_t sum, std::int8_t value, std::int8_t weight) {
        return sum + weight * (value + q.input_offset);
      },
      [&](std::int32_t sum, std::int32_t channel) {
        return q.result(bias == nullptr ? sum : wrapping_add(sum, bias[channel]), channel);
      });
}

void transpose_conv(const TransposeConvShape& shape, Range<float> range, const float* input,
                    const float* filter, const float* bias, float* output) {
  each_output<float>(
      shape, input, filter, output,
      [](float sum, float value, float weight) { return sum + value * weight; },
      [&](float sum, std::int32_t channel) {
        return clamp(bias == nullptr ? sum : sum + bias[channel], range);
      });
}

}  // namespace aiot::inference::kernel
