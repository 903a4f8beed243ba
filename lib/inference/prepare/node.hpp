#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/result.hpp"
#include "inference/error.hpp"
#include "inference/kernel/kernels.hpp"
#include "inference/model/model.hpp"

namespace aiot::inference {

/// An operator of a graph with its tensors: what prepare/ reads. The model outlives it.
class Node {
 public:
  Node(const Model& model, std::size_t index) : model_(&model), index_(index) {}

  const Model& model() const { return *model_; }
  const Operator& op() const { return model_->operators[index_]; }
  std::size_t index() const { return index_; }
  /// The operator's options, of the kind that its code has.
  template <class T>
  const T& options() const {
    return std::get<T>(op().options);
  }

  /// "operator 3 (CONV_2D)"
  std::string where() const;
  /// An error that begins with where().
  Error fail(Errc code, std::string_view what, std::string_view hint = {}) const;

  /// How many there are; the last may be -1, which is "left out".
  std::size_t inputs() const { return op().inputs.size(); }
  std::size_t outputs() const { return op().outputs.size(); }
  /// Errc::bad_model when there is no such input or output.
  Result<const Tensor*> input(std::size_t position) const;
  Result<const Tensor*> output(std::size_t position = 0) const;
  /// nullptr when it is left out.
  const Tensor* optional_input(std::size_t position) const;
  /// Index of the tensor in the model; -1 when it is left out.
  std::int32_t input_index(std::size_t position) const;
  std::int32_t output_index(std::size_t position = 0) const;

  /// Errc::bad_model unless there are `least` to `most` inputs and `outputs` outputs.
  Result<void> expect(std::size_t least, std::size_t most, std::size_t outputs = 1) const;
  /// "input 1 (sequential/conv2d/Bias)": for messages.
  std::string input_name(std::size_t position) const;
  std::string output_name(std::size_t position = 0) const;

 private:
  const Model* model_;
  std::size_t index_;
};

/// False when none of the operator's outputs has a value: it is left out. Errc::unsupported_option
/// for an input without values that its kernel could not take.
Result<bool> has_work(const Node& node);

/// "1x49x10x1"; "scalar" without dimensions.
std::string shape_text(const std::vector<std::int32_t>& shape);

// Checks and sums that most operators share.

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
  bool quantized() const { return input->type != Type::float32; }
};
/// `wide`: they may be int16 too, with zero points of 0.
Result<InOut> in_and_out(const Node& node, std::size_t least, std::size_t most, bool wide = false);

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

/// What the fused activation leaves of int8 (or int16) results. Errc::unsupported_option.
Result<kernel::Range<std::int32_t>> integer_range(const Node& node, Activation activation,
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
/// The one axis that input `position` has.
Result<std::size_t> constant_axis(const Node& node, std::size_t position, std::size_t rank);

/// Of the extents from `first` on before `end`.
std::size_t product(const std::vector<std::int32_t>& shape, std::size_t first, std::size_t end);
/// The shape less its dimension `axis`.
std::vector<std::int32_t> without(std::vector<std::int32_t> shape, std::size_t axis);

/// kernel::Requantize with the factors it points to.
struct Requantization {
  std::int32_t input_offset = 0;
  std::int32_t output_offset = 0;
  kernel::Range<std::int32_t> range{-128, 127};
  std::vector<kernel::Factor> factors;  ///< one for each output channel
  std::int32_t weights_offset = 0;

  /// Valid as long as this is.
  kernel::Requantize view() const {
    return {input_offset, output_offset, range, factors.data(), weights_offset};
  }
  /// Of int16.
  kernel::RequantizeWide wide_view() const { return {range, factors.data()}; }
};

/// For sums of input times weights with `channels` output channels, whose weights have one scale or
/// one for each along `axis`. `weights` have zero points of 0, unless the file has them as uint8.
/// Errc::bad_model, unsupported_option.
Result<Requantization> requantization(const Node& node, const Tensor& input, const Tensor& weights,
                                      const Tensor& output, Activation activation, int axis,
                                      std::size_t channels);

/// Errc::unsupported_option unless multiply() or, for int16 results, multiply_wide() takes it.
Result<void> expect_factor_for(const Node& node, kernel::Factor factor, Type type);

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
/// Errc::unsupported_option for more; half as many where weights have a zero point.
Result<void> expect_summed(const Node& node, std::int64_t summed, const Tensor& weights);

}  // namespace aiot::inference
