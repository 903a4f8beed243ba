#pragma once

#include <array>

#include "inference/kernel/activation.hpp"
#include "inference/prepare/common.hpp"

namespace aiot::inference {

/// A function of 8-bit values, ready to be looked up: LOGISTIC, TANH, HARD_SWISH, RELU, RELU6 and
/// LEAKY_RELU of int8, QUANTIZE from 8 bits to 8 bits.
struct Lookup {
  std::array<std::uint8_t, 256> table{};  ///< by the input's bits
  std::size_t count = 0;
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
/// For an operator whose input is int8 (or uint8, for QUANTIZE).
Result<Lookup> prepare_lookup(const Node& node);

/// The same functions of float32 values.
struct RealFunction {
  kernel::Function function{};
  float alpha = 0;
  std::size_t count = 0;
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<RealFunction> prepare_real_function(const Node& node);

}  // namespace aiot::inference
