#pragma once

#include "aiot/result.hpp"
#include "inference/model/model.hpp"

namespace aiot::inference {

/// Brings a graph to the types that kernels have; check_graph() has passed.
/// - DEQUANTIZE of float16 constants: its output becomes a constant, and it is gone.
/// - Operators of uint8 (TensorFlow 1): each quantised uint8 tensor becomes int8, its values and
///   zero points less by 128; inputs and outputs of the model stay uint8, with a QUANTIZE between.
///   Errc::unsupported_option for an operator whose results that would change.
/// Errc::too_large when constants named many times need far more than the file's size.
Result<void> convert_types(Model& model, std::size_t file_bytes);

/// An IEEE 754 half as a float, exact.
float real_of_half(std::uint16_t half);

}  // namespace aiot::inference
