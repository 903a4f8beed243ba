#pragma once

#include <cstdint>

#include "inference/prepare/node.hpp"

namespace aiot::inference {

/// Multiplications with accumulation of one run, padding counted as in the papers; 0 where an
/// operator has none. For an operator that was prepared.
std::uint64_t macs_of(const Node& node);

/// Bytes of inputs, constants and outputs, each once.
std::uint64_t bytes_of(const Node& node);

}  // namespace aiot::inference
