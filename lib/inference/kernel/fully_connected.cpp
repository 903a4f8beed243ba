#include "inference/kernel/fully_connected.hpp"

namespace aiot::inference::kernel {

void fully_connected(const MatrixShape& shape, const Requantize& quantized,
                     const std::int8_t* input, const std::int8_t* weights, const std::int32_t* bias,
                     std::int8_t* output) {
  for (std::int32_t row = 0; row < shape.rows; ++row, input += shape.depth) {
    const auto* weight = weights;
    for (std::int32_t o = 0; o < shape.outputs; ++o, weight += shape.depth) {
      std::int32_t sum = 0;
      for (std::int32_t i = 0; i < shape.depth; ++i) {
        sum += weight[i] * (input[i] + quantized.input_offset);
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

}  // namespace aiot::inference::kernel
