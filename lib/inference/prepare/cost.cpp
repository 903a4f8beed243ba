#include "inference/prepare/cost.hpp"

#include <algorithm>
#include <set>

namespace aiot::inference {
namespace {

std::uint64_t extent(const Tensor& tensor, std::size_t dimension) {
  return static_cast<std::uint64_t>(tensor.shape[dimension]);
}

}  // namespace

std::uint64_t macs_of(const Node& node) {
  const auto* input = node.optional_input(0);
  const auto* weights = node.optional_input(1);
  const auto output = node.output();
  if (!output || input == nullptr || weights == nullptr) return 0;
  const std::uint64_t outputs = (*output)->elements();
  switch (node.op().code) {
    case Code::conv_2d:
      return outputs * extent(*weights, 1) * extent(*weights, 2) * extent(*weights, 3);
    case Code::depthwise_conv_2d: return outputs * extent(*weights, 1) * extent(*weights, 2);
    case Code::fully_connected: return outputs * extent(*weights, 1);
    case Code::transpose_conv: {  // inputs: the output's shape, weights, image
      const auto* image = node.optional_input(2);
      return image == nullptr ? 0
                              : image->elements() * extent(*weights, 0) * extent(*weights, 1) *
                                    extent(*weights, 2);
    }
    default: return 0;
  }
}

std::uint64_t bytes_of(const Node& node) {
  std::set<std::int32_t> tensors(node.op().inputs.begin(), node.op().inputs.end());
  tensors.insert(node.op().outputs.begin(), node.op().outputs.end());
  tensors.erase(-1);
  std::uint64_t bytes = 0;
  for (const auto index : tensors) {
    bytes += node.model().tensors[static_cast<std::size_t>(index)].bytes();
  }
  return bytes;
}

}  // namespace aiot::inference
