#pragma once

#include <span>
#include <string>
#include <vector>

#include "aiot/bench.hpp"
#include "inference/engine.hpp"

namespace aiot::bench {

/// "float32, quantised": how a data set's bytes become an input's; "" when they do not fit.
std::string input_form(const inference::TensorInfo& input, std::size_t bytes, DataType type);

/// Fills an input with the bytes of a data set: the input's own bytes, pixels, or real values (see
/// DataType). Errc::data_form names what would fit.
Result<void> fill_input(std::span<std::uint8_t> target, const inference::TensorInfo& input,
                        ByteSpan bytes, DataType type);

/// The real values behind a tensor's bytes: float32, int8, uint8, int16 and int32. Empty for
/// others.
std::vector<float> real_values(const inference::TensorInfo& tensor, ByteSpan bytes);

}  // namespace aiot::bench
