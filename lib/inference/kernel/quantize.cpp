#include "inference/kernel/quantize.hpp"

#include <cmath>

#include "inference/kernel/shape.hpp"

namespace aiot::inference::kernel {

void quantize(float scale, std::int32_t zero_point, std::size_t count, const float* input,
              std::int8_t* output) {
  for (std::size_t i = 0; i < count; ++i) {
    // Bounded before it becomes an integer; 1024 steps saturate with any zero point.
    const float steps = std::round(input[i] / scale);
    const float bounded = steps > -1024 ? (steps < 1024 ? steps : 1024) : -1024;
    output[i] = to_int8(static_cast<std::int32_t>(bounded) + zero_point);
  }
}

namespace {
template <class T>
void dequantize_each(float scale, std::int32_t zero_point, std::size_t count, const T* input,
                     float* output) {
  const auto wide_scale = static_cast<double>(scale);
  for (std::size_t i = 0; i < count; ++i) {
    output[i] = static_cast<float>(wide_scale * (input[i] - zero_point));
  }
}
}  // namespace

void dequantize(float scale, std::int32_t zero_point, std::size_t count, const std::int8_t* input,
                float* output) {
  dequantize_each(scale, zero_point, count, input, output);
}

void dequantize(float scale, std::int32_t zero_point, std::size_t count, const std::uint8_t* input,
                float* output) {
  dequantize_each(scale, zero_point, count, input, output);
}

}  // namespace aiot::inference::kernel
