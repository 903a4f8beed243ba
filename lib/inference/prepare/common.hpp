#pragma once

#include <vector>

#include "inference/kernel/shape.hpp"
#include "inference/prepare/node.hpp"

/// Checks and sums that most operators share.
namespace aiot::inference {

/// Errc::unsupported_option unless it is int8 or float32 (`name` is the tensor's, for the message).
Result<void> expect_computable(const Node& node, const Tensor& tensor, const std::string& name);
/// Errc::bad_model unless the tensor has `type`.
Result<void> expect_type(const Node& node, const Tensor& tensor, Type type,
                         const std::string& name);
/// Errc::bad_model unless it has that shape.
Result<void> expect_shape(const Node& node, const Tensor& tensor,
                          const std::vector<std::int32_t>& shape, const std::string& name);
/// Errc::bad_model unless both have one scale (within 1e-6) and the same zero point.
Result<void> expect_same_quantization(const Node& node, const Tensor& a, const Tensor& b);
/// Errc::bad_model unless the tensor has exactly one scale.
Result<void> expect_one_scale(const Node& node, const Tensor& tensor, const std::string& name);

/// The input and output 0 of an operator of `least` to `most` inputs: both int8, with one scale
/// each, or both float32.
struct InOut {
  const Tensor* input;
  const Tensor* output;
  bool quantized() const { return input->type == Type::int8; }
};
Result<InOut> in_and_out(const Node& node, std::size_t least, std::size_t most);

/// A tensor of four dimensions. Errc::unsupported_option for another number of them.
Result<kernel::Shape> image_shape(const Node& node, const Tensor& tensor, const std::string& name);

/// Where a window's first tap lies, and how many steps it makes, along one side of an image.
/// Errc::bad_model when the window or its stride is not positive or it never fits.
struct Steps {
  std::int32_t count = 0;
  std::int32_t pad_before = 0;
};
Result<Steps> window_steps(const Node& node, Padding padding, std::int32_t image,
                           std::int32_t window, std::int32_t stride, std::int32_t dilation);

/// What the fused activation leaves of int8 results. Errc::unsupported_option.
Result<kernel::Range<std::int32_t>> int8_range(const Node& node, Activation activation,
                                               const Tensor& output);
/// And of float32 ones.
Result<kernel::Range<float>> float_range(const Node& node, Activation activation);

/// factor_of() with its range checked: Errc::bad_model ("scales that no device can multiply").
Result<kernel::Factor> checked_factor(const Node& node, double value);

/// The values of an int32 (or int64 that fits) constant of at most 8 values, such as paddings, axes
/// or a new shape. Errc::unsupported_option when it is computed.
Result<std::vector<std::int32_t>> constant_integers(const Node& node, std::size_t input);

/// Axis -rank to rank - 1 as 0 to rank - 1. Errc::bad_model.
Result<std::size_t> checked_axis(const Node& node, std::int32_t axis, std::size_t rank);

}  // namespace aiot::inference
