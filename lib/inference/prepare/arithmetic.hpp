#pragma once

#include "inference/kernel/arithmetic.hpp"
#include "inference/prepare/common.hpp"

namespace aiot::inference {

/// ADD, SUB or MUL, ready for its kernel.
struct Arithmetic {
  Code code = Code::add;
  kernel::Broadcast shape;
  bool same_shapes = false;          ///< nothing is repeated: both inputs are as long as the output
  Type type = Type::int8;            ///< or float32
  kernel::ArithmeticInt8 quantized;  ///< when int8
  kernel::Range<float> range;        ///< when float32
  std::int32_t a = 0, b = 0, output = 0;  ///< tensors of the model
};
Result<Arithmetic> prepare_arithmetic(const Node& node);

}  // namespace aiot::inference
