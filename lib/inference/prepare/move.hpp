#pragma once

#include <vector>

#include "inference/kernel/move.hpp"
#include "inference/prepare/common.hpp"

namespace aiot::inference {

/// An operator that only moves values: some blocks, perhaps after the output was filled with one
/// value. Of any type with a fixed size.
struct Moves {
  struct Block {
    kernel::Move move;
    std::int32_t input = 0, output = 0;  ///< tensors of the model
  };
  std::vector<Block> blocks;
  /// PAD and PADV2: what lies around the input; empty for the others.
  std::vector<std::uint8_t> fill;
  std::size_t fill_bytes = 0;
};

Result<Moves> prepare_transpose(const Node& node);
Result<Moves> prepare_strided_slice(const Node& node);
Result<Moves> prepare_pad(const Node& node);
Result<Moves> prepare_concatenation(const Node& node);
Result<Moves> prepare_pack(const Node& node);
Result<Moves> prepare_split(const Node& node);

/// Bytes between neighbours in each dimension of a dense tensor.
std::vector<std::ptrdiff_t> dense_steps(const Tensor& tensor);

}  // namespace aiot::inference
