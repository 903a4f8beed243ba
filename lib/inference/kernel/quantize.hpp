#pragma once

#include <cstddef>
#include <cstdint>

namespace aiot::inference::kernel {

/// QUANTIZE: round(x / scale) + zero_point, half away from 0, saturated; what is no number is -128.
void quantize(float scale, std::int32_t zero_point, std::size_t count, const float* input,
              std::int8_t* output);

/// DEQUANTIZE: scale * (x - zero_point).
void dequantize(float scale, std::int32_t zero_point, std::size_t count, const std::int8_t* input,
                float* output);
void dequantize(float scale, std::int32_t zero_point, std::size_t count, const std::uint8_t* input,
                float* output);

}  // namespace aiot::inference::kernel
