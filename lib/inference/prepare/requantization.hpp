#pragma once

#include <vector>

#include "inference/prepare/common.hpp"

namespace aiot::inference {

/// kernel::Requantize with the factors it points to.
struct Requantization {
  std::int32_t input_offset = 0;
  std::int32_t output_offset = 0;
  kernel::Range<std::int32_t> range{-128, 127};
  std::vector<kernel::Factor> factors;  ///< one for each output channel

  /// Valid as long as this is.
  kernel::Requantize view() const { return {input_offset, output_offset, range, factors.data()}; }
};

/// For sums of input times weights with `channels` output channels, whose weights have one scale or
/// one for each along `axis`. `weights` have zero points of 0. Errc::bad_model, unsupported_option.
Result<Requantization> requantization(const Node& node, const Tensor& input, const Tensor& weights,
                                      const Tensor& output, Activation activation, int axis,
                                      std::size_t channels);

/// Weights are of the input's `type`, or int8 for a float32 input ("hybrid" models); the bias
/// (input 2, may be left out) has `channels` int32 or float32 values. Errc::bad_model,
/// unsupported_option.
Result<void> expect_weights(const Node& node, const Tensor& weights, const Tensor* bias, Type type,
                            std::size_t channels);

/// The real values of int8 weights, for a hybrid operator; empty for weights that are float32. One
/// scale for all, or one for each index of `axis`. Errc::bad_model, unsupported_option (computed).
Result<std::vector<float>> real_weights(const Node& node, const Tensor& weights, Type type,
                                        int axis);

/// Most values that one int8 sum may have: beyond, 32 bits do not hold it.
constexpr std::int64_t most_summed = 65'536;

}  // namespace aiot::inference
