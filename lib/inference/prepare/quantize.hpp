#pragma once

#include "inference/prepare/common.hpp"

namespace aiot::inference {

/// QUANTIZE from float32 to int8, or DEQUANTIZE from int8 or uint8 to float32.
struct Quantize {
  Type from = Type::float32;
  float scale = 1;
  std::int32_t zero_point = 0;
  std::size_t count = 0;
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<Quantize> prepare_quantize(const Node& node);

}  // namespace aiot::inference
