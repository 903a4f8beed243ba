#include "inference/kernel/kernels.hpp"

namespace aiot::inference::kernel {
namespace {

/// Calls `pixel(batch, y, x)` for each of the output.
template <class F>
void for_each_pixel(const Shape& output, const F& pixel) {
  for (std::int32_t batch = 0; batch < output.n; ++batch) {
    for (std::int32_t y = 0; y < output.h; ++y) {
      for (std::int32_t x = 0; x < output.w; ++x) pixel(batch, y, x);
    }
  }
}

/// Calls `tap(in_y, in_x, filter_y, filter_x)` where the filter, put at output pixel y, x, lies on
/// the image.
template <class F>
void for_each_tap(const Shape& input, const Window& window, std::int32_t y, std::int32_t x,
                  const F& tap) {
  for (std::int32_t filter_y = 0; filter_y < window.h; ++filter_y) {
    const auto in_y = y * window.stride_h - window.pad_top + filter_y * window.dilation_h;
    if (in_y < 0 || in_y >= input.h) continue;
    for (std::int32_t filter_x = 0; filter_x < window.w; ++filter_x) {
      const auto in_x = x * window.stride_w - window.pad_left + filter_x * window.dilation_w;
      if (in_x < 0 || in_x >= input.w) continue;
      tap(in_y, in_x, filter_y, filter_x);
    }
  }
}

/// `multiply_add(sum, input, weight)` over what one output value sees; `finish(sum, channel)` makes
/// it the result.
template <class Sum, class T, class Weight, class Add, class Finish>
void conv(const ConvShape& s, const T* input, const Weight* filter, T* output,
          const Add& multiply_add, const Finish& finish) {
  const auto groups = s.input.c / s.group_channels;
  const auto channels_of_group = s.output.c / groups;
  for_each_pixel(s.output, [&](std::int32_t batch, std::int32_t y, std::int32_t x) {
    for (std::int32_t channel = 0; channel < s.output.c; ++channel) {
      const auto first = channel / channels_of_group * s.group_channels;
      Sum sum = 0;
      for_each_tap(s.input, s.window, y, x,
                   [&](auto in_y, auto in_x, auto filter_y, auto filter_x) {
                     const auto* pixel = input + s.input.at(batch, in_y, in_x, first);
                     const Shape weights{s.output.c, s.window.h, s.window.w, s.group_channels};
                     const auto* weight = filter + weights.at(channel, filter_y, filter_x, 0);
                     for (std::int32_t i = 0; i < s.group_channels; ++i) {
                       sum = multiply_add(sum, pixel[i], weight[i]);
                     }
                   });
      output[s.output.at(batch, y, x, channel)] = finish(sum, channel);
    }
  });
}

template <class Sum, class T, class Weight, class Add, class Finish>
void depthwise(const ConvShape& s, const T* input, const Weight* filter, T* output,
               const Add& multiply_add, const Finish& finish) {
  for_each_pixel(s.output, [&](std::int32_t batch, std::int32_t y, std::int32_t x) {
    for (std::int32_t channel = 0; channel < s.output.c; ++channel) {
      const auto in_channel = channel / s.depth_multiplier;
      Sum sum = 0;
      for_each_tap(s.input, s.window, y, x,
                   [&](auto in_y, auto in_x, auto filter_y, auto filter_x) {
                     const Shape weights{1, s.window.h, s.window.w, s.output.c};
                     sum = multiply_add(sum, input[s.input.at(batch, in_y, in_x, in_channel)],
                                        filter[weights.at(0, filter_y, filter_x, channel)]);
                   });
      output[s.output.at(batch, y, x, channel)] = finish(sum, channel);
    }
  });
}

auto integer_add(const Requantize& q) {
  return [offset = q.input_offset, weights_offset = q.weights_offset](
             std::int32_t sum, std::int8_t value, std::int8_t weight) {
    return sum + (weight + weights_offset) * (value + offset);
  };
}
auto integer_finish(const Requantize& q, const std::int32_t* bias) {
  return [&q, bias](std::int32_t sum, std::int32_t channel) {
    return q.result(bias == nullptr ? sum : wrapping_add(sum, bias[channel]), channel);
  };
}

constexpr auto wide_add = [](std::int64_t sum, std::int32_t value, std::int32_t weight) {
  return sum + value * weight;
};
auto wide_finish(const RequantizeWide& q, const std::int64_t* bias) {
  return [&q, bias](std::int64_t sum, std::int32_t channel) {
    const auto whole = static_cast<std::uint64_t>(sum) +
                       static_cast<std::uint64_t>(bias == nullptr ? 0 : bias[channel]);
    return q.result(static_cast<std::int64_t>(whole), channel);
  };
}

constexpr auto float_add = [](float sum, float value, float weight) {
  return sum + value * weight;
};
auto float_finish(Range<float> range, const float* bias) {
  return [range, bias](float sum, std::int32_t channel) {
    return clamp(bias == nullptr ? sum : sum + bias[channel], range);
  };
}

}  // namespace

void conv_2d(const ConvShape& shape, const Requantize& quantized, const std::int8_t* input,
             const std::int8_t* filter, const std::int32_t* bias, std::int8_t* output) {
  conv<std::int32_t>(shape, input, filter, output, integer_add(quantized),
                     integer_finish(quantized, bias));
}

void conv_2d(const ConvShape& shape, Range<float> range, const float* input, const float* filter,
             const float* bias, float* output) {
  conv<float>(shape, input, filter, output, float_add, float_finish(range, bias));
}

void conv_2d(const ConvShape& shape, const RequantizeWide& quantized, const std::int16_t* input,
             const std::int8_t* filter, const std::int64_t* bias, std::int16_t* output) {
  conv<std::int64_t>(shape, input, filter, output, wide_add, wide_finish(quantized, bias));
}

void depthwise_conv_2d(const ConvShape& shape, const RequantizeWide& quantized,
                       const std::int16_t* input, const std::int8_t* filter,
                       const std::int64_t* bias, std::int16_t* output) {
  depthwise<std::int64_t>(shape, input, filter, output, wide_add, wide_finish(quantized, bias));
}

void fully_connected(const MatrixShape& shape, const RequantizeWide& quantized,
                     const std::int16_t* input, const std::int8_t* weights,
                     const std::int64_t* bias, std::int16_t* output) {
  const auto finish = wide_finish(quantized, bias);
  for (std::int32_t row = 0; row < shape.rows; ++row, input += shape.depth) {
    const auto* weight = weights;
    for (std::int32_t o = 0; o < shape.outputs; ++o, weight += shape.depth) {
      std::int64_t sum = 0;
      for (std::int32_t i = 0; i < shape.depth; ++i) sum = wide_add(sum, input[i], weight[i]);
      *output++ = finish(sum, o);
    }
  }
}

void depthwise_conv_2d(const ConvShape& shape, const Requantize& quantized,
                       const std::int8_t* input, const std::int8_t* filter,
                       const std::int32_t* bias, std::int8_t* output) {
  depthwise<std::int32_t>(shape, input, filter, output, integer_add(quantized),
                          integer_finish(quantized, bias));
}

void depthwise_conv_2d(const ConvShape& shape, Range<float> range, const float* input,
                       const float* filter, const float* bias, float* output) {
  depthwise<float>(shape, input, filter, output, float_add, float_finish(range, bias));
}

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

template <class Sum, class T, class Weight, class Add, class Finish>
void each_output(const TransposeConvShape& s, const T* input, const Weight* filter, T* output,
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

void transpose_conv(const TransposeConvShape& shape, const RequantizeWide& q,
                    const std::int16_t* input, const std::int8_t* filter, const std::int64_t* bias,
                    std::int16_t* output) {
  each_output<std::int64_t>(
      shape, input, filter, output,
      [](std::int64_t sum, std::int16_t value, std::int8_t weight) { return sum + weight * value; },
      [&](std::int64_t sum, std::int32_t channel) {
        return q.result(bias == nullptr ? sum : sum + bias[channel], channel);
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

void fully_connected(const MatrixShape& shape, const Requantize& quantized,
                     const std::int8_t* input, const std::int8_t* weights, const std::int32_t* bias,
                     std::int8_t* output) {
  for (std::int32_t row = 0; row < shape.rows; ++row, input += shape.depth) {
    const auto* weight = weights;
    for (std::int32_t o = 0; o < shape.outputs; ++o, weight += shape.depth) {
      std::int32_t sum = 0;
      for (std::int32_t i = 0; i < shape.depth; ++i) {
        sum += (weight[i] + quantized.weights_offset) * (input[i] + quantized.input_offset);
      }
      if (bias != nullptr) sum = wrapping_add(sum, bias[o]);
      *output++ = quantized.result(sum, o);
    }
  }
}

void fully_connected(const MatrixShape& shape, Range<float> range, const float* input,
                     const float* weights, const float* bias, float* output) {
  for (std::int32_t row = 0; row < shape.rows; ++row, input += shape.depth) {
    const auto* weight = weights;
    for (std::int32_t o = 0; o < shape.outputs; ++o, weight += shape.depth) {
      float sum = 0;
      for (std::int32_t i = 0; i < shape.depth; ++i) sum += weight[i] * input[i];
      if (bias != nullptr) sum += bias[o];
      *output++ = clamp(sum, range);
    }
  }
}

namespace {

/// `multiply_add(sum, a, b)` over the depth, in its order.
template <class Sum, class T, class Add, class Finish>
void each_product(const BatchMatMulShape& s, const T* a, const T* b, T* output,
                  const Add& multiply_add, const Finish& finish) {
  std::int32_t index[BatchMatMulShape::rank] = {};
  for (;;) {
    std::size_t at_a = 0;
    std::size_t at_b = 0;
    for (int d = 0; d < BatchMatMulShape::rank; ++d) {
      at_a += index[d] * s.batch_step_a[d];
      at_b += index[d] * s.batch_step_b[d];
    }
    for (std::int32_t row = 0; row < s.rows; ++row) {
      for (std::int32_t column = 0; column < s.columns; ++column) {
        const T* x = a + at_a + row * s.row_step_a;
        const T* y = b + at_b + column * s.column_step_b;
        Sum sum = 0;
        for (std::int32_t k = 0; k < s.depth; ++k, x += s.depth_step_a, y += s.depth_step_b) {
          sum = multiply_add(sum, *x, *y);
        }
        *output++ = finish(sum);
      }
    }
    int d = BatchMatMulShape::rank - 1;
    while (d >= 0 && ++index[d] == s.batch[d]) index[d--] = 0;
    if (d < 0) return;
  }
}

}  // namespace

void batch_matmul(const BatchMatMulShape& shape, const BatchMatMulInt8& q, const std::int8_t* a,
                  const std::int8_t* b, std::int8_t* output) {
  each_product<std::int32_t>(
      shape, a, b, output,
      [&](std::int32_t sum, std::int8_t x, std::int8_t y) {
        return sum + (x + q.offset_a) * (y + q.offset_b);
      },
      [&](std::int32_t sum) {
        return to_int8(wrapping_add(multiply(sum, q.factor), q.output_offset));
      });
}

void batch_matmul(const BatchMatMulShape& shape, const BatchMatMulInt8& q, const std::int16_t* a,
                  const std::int16_t* b, std::int16_t* output) {
  each_product<std::int64_t>(
      shape, a, b, output,
      [](std::int64_t sum, std::int64_t x, std::int64_t y) { return sum + x * y; },
      [&](std::int64_t sum) {
        return static_cast<std::int16_t>(
            clamp<std::int32_t>(multiply_wide(sum, q.factor), -32'768, 32'767));
      });
}

void batch_matmul(const BatchMatMulShape& shape, const float* a, const float* b, float* output) {
  each_product<float>(shape, a, b, output, float_add, [](float sum) { return sum; });
}

namespace {

template <class T>
void svdf_of(const SvdfShape& s, const SvdfInt8& q, const std::int8_t* input,
             const std::int8_t* weights, const T* time_weights, const std::int32_t* bias, T* state,
             std::int8_t* output) {
  const auto units = s.filters / s.rank;
  for (std::int32_t batch = 0; batch < s.batches; ++batch, input += s.inputs) {
    for (std::int32_t unit = 0; unit < units; ++unit) {
      std::int32_t sum = bias == nullptr ? 0 : bias[unit];
      for (std::int32_t filter = unit * s.rank; filter < (unit + 1) * s.rank; ++filter) {
        const auto* weight = weights + static_cast<std::size_t>(filter) * s.inputs;
        std::int32_t product = 0;
        for (std::int32_t i = 0; i < s.inputs; ++i) {
          product += weight[i] * (input[i] + q.input_offset);
        }
        const auto newest =
            clamp<std::int32_t>(multiply(product, q.to_state), std::numeric_limits<T>::min(),
                                std::numeric_limits<T>::max());
        for (std::int32_t i = 0; i + 1 < s.memory; ++i) state[i] = state[i + 1];
        state[s.memory - 1] = static_cast<T>(q.state_zero_point + newest);
        const auto* by_time = time_weights + static_cast<std::size_t>(filter) * s.memory;
        for (std::int32_t i = 0; i < s.memory; ++i) {
          sum = wrapping_add(sum, by_time[i] * (state[i] - q.state_zero_point));
        }
        state += s.memory;
      }
      *output++ = to_int8(wrapping_add(multiply(sum, q.to_output), q.output_zero_point));
    }
  }
}

}  // namespace

void svdf(const SvdfShape& shape, const SvdfInt8& q, const std::int8_t* input,
          const std::int8_t* weights, const std::int8_t* time_weights, const std::int32_t* bias,
          std::int8_t* state, std::int8_t* output) {
  svdf_of(shape, q, input, weights, time_weights, bias, state, output);
}

void svdf(const SvdfShape& shape, const SvdfInt8& q, const std::int8_t* input,
          const std::int8_t* weights, const std::int16_t* time_weights, const std::int32_t* bias,
          std::int16_t* state, std::int8_t* output) {
  svdf_of(shape, q, input, weights, time_weights, bias, state, output);
}

}  // namespace aiot::inference::kernel
