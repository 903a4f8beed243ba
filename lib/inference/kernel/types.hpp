#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "inference/kernel/fixed_point.hpp"

namespace aiot::inference::kernel {

/// An image, or a batch of them, the channels of a pixel side by side.
struct Shape {
  std::int32_t n = 1, h = 1, w = 1, c = 1;

  std::size_t at(std::int32_t batch, std::int32_t y, std::int32_t x, std::int32_t channel) const {
    return ((static_cast<std::size_t>(batch) * h + y) * w + x) * c + channel;
  }
  std::size_t elements() const { return static_cast<std::size_t>(n) * h * w * c; }
};

/// How a filter goes over an image.
struct Window {
  std::int32_t h = 1, w = 1;
  std::int32_t stride_h = 1, stride_w = 1;
  std::int32_t dilation_h = 1, dilation_w = 1;
  std::int32_t pad_top = 0, pad_left = 0;
};

/// What a fused activation leaves of the results.
template <class T>
struct Range {
  T low{}, high{};
};

template <class T>
T clamp(T value, T low, T high) {
  return value < low ? low : (value > high ? high : value);
}
template <class T>
T clamp(T value, Range<T> range) {
  return clamp(value, range.low, range.high);
}

inline std::int8_t to_int8(std::int32_t value) {
  return static_cast<std::int8_t>(clamp<std::int32_t>(value, -128, 127));
}

/// From an int32 sum to an int8 result.
struct Requantize {
  std::int32_t input_offset = 0;   ///< minus the input's zero point
  std::int32_t output_offset = 0;  ///< the output's zero point
  Range<std::int32_t> range{-128, 127};
  const Factor* factors = nullptr;  ///< one for each output channel
  std::int32_t weights_offset = 0;  ///< minus the weights' zero point

  std::int8_t result(std::int32_t sum, std::int32_t channel) const {
    const auto value = wrapping_add(multiply(sum, factors[channel]), output_offset);
    return static_cast<std::int8_t>(clamp(value, range));
  }
};

/// From a sum of int16 values times int8 weights to an int16 result; zero points are 0.
struct RequantizeWide {
  Range<std::int32_t> range{-32'768, 32'767};
  const Factor* factors = nullptr;  ///< one for each output channel

  std::int16_t result(std::int64_t sum, std::int32_t channel) const {
    return static_cast<std::int16_t>(clamp(multiply_wide(sum, factors[channel]), range));
  }
};

}  // namespace aiot::inference::kernel
