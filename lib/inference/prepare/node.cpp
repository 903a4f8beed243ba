#include "inference/prepare/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace aiot::inference {
namespace {

constexpr std::string_view convert_again = "convert the model again, with int8 or float32 tensors";

std::string name_in(const Model& model, std::string_view role, std::size_t position,
                    std::int32_t tensor) {
  if (tensor < 0) return fmt::format("{} {}", role, position);
  const auto& name = model.tensors[static_cast<std::size_t>(tensor)].name;
  return fmt::format("{} {} ({})", role, position, escape_controls(name));
}

}  // namespace

std::string Node::where() const {
  return fmt::format("operator {} ({})", index_, name_of(op().code));
}

Error Node::fail(Errc code, std::string_view what, std::string_view hint) const {
  return make_error(code, fmt::format("{}: {}", where(), what),
                    std::string(hint.empty() ? convert_again : hint));
}

std::int32_t Node::input_index(std::size_t position) const {
  return position < op().inputs.size() ? op().inputs[position] : -1;
}

std::int32_t Node::output_index(std::size_t position) const {
  return position < op().outputs.size() ? op().outputs[position] : -1;
}

const Tensor* Node::optional_input(std::size_t position) const {
  const auto index = input_index(position);
  return index < 0 ? nullptr : &model_->tensors[static_cast<std::size_t>(index)];
}

Result<const Tensor*> Node::input(std::size_t position) const {
  const auto* tensor = optional_input(position);
  if (tensor == nullptr) {
    return fail(Errc::bad_model, fmt::format("input {} is missing", position));
  }
  return tensor;
}

Result<const Tensor*> Node::output(std::size_t position) const {
  const auto index = output_index(position);
  if (index < 0) return fail(Errc::bad_model, fmt::format("output {} is missing", position));
  return &model_->tensors[static_cast<std::size_t>(index)];
}

Result<void> Node::expect(std::size_t least, std::size_t most, std::size_t wanted) const {
  if (inputs() < least || inputs() > most) {
    return fail(Errc::bad_model, fmt::format("{} inputs", inputs()));
  }
  if (outputs() != wanted) return fail(Errc::bad_model, fmt::format("{} outputs", outputs()));
  return {};
}

std::string Node::input_name(std::size_t position) const {
  return name_in(*model_, "input", position, input_index(position));
}

std::string Node::output_name(std::size_t position) const {
  return name_in(*model_, "output", position, output_index(position));
}

Result<bool> has_work(const Node& node) {
  const auto is_empty = [&](std::int32_t index) {
    return index >= 0 && node.model().tensors[static_cast<std::size_t>(index)].elements() == 0;
  };
  if (node.outputs() != 0 && std::ranges::all_of(node.op().outputs, is_empty)) return false;
  const auto may_be_empty = [&](std::size_t position) {
    switch (node.op().code) {
      case Code::concatenation: return true;
      case Code::reshape:
      case Code::transpose: return position == 1;
      case Code::fill: return position == 0;
      default: return false;
    }
  };
  for (std::size_t i = 0; i < node.inputs(); ++i) {
    if (!is_empty(node.input_index(i)) || may_be_empty(i)) continue;
    return node.fail(Errc::unsupported_option, node.input_name(i) + " has no values");
  }
  for (std::size_t i = 0; i < node.outputs(); ++i) {
    if (!is_empty(node.output_index(i))) continue;
    if (node.op().code == Code::split_v) continue;
    return node.fail(Errc::unsupported_option, node.output_name(i) + " has no values");
  }
  return true;
}

std::string shape_text(const std::vector<std::int32_t>& shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

Result<void> expect_computable(const Node& node, const Tensor& tensor, const std::string& name) {
  if (tensor.type == Type::int8 || tensor.type == Type::float32) return {};
  return node.fail(Errc::unsupported_option, fmt::format("{} is {}", name, name_of(tensor.type)));
}

Result<void> expect_type(const Node& node, const Tensor& tensor, Type type,
                         const std::string& name) {
  if (tensor.type == type) return {};
  return node.fail(Errc::unsupported_option,
                   fmt::format("{} is {}, not {}", name, name_of(tensor.type), name_of(type)));
}

Result<void> expect_shape(const Node& node, const Tensor& tensor,
                          const std::vector<std::int32_t>& shape, const std::string& name) {
  if (tensor.shape == shape) return {};
  return node.fail(Errc::bad_model, fmt::format("{} is {}, not {}", name, shape_text(tensor.shape),
                                                shape_text(shape)));
}

Result<void> expect_one_scale(const Node& node, const Tensor& tensor, const std::string& name) {
  if (tensor.quantization.scales.size() == 1) return {};
  return node.fail(Errc::bad_model,
                   fmt::format("{} has {} scales", name, tensor.quantization.scales.size()));
}

Result<void> expect_same_quantization(const Node& node, const Tensor& a, const Tensor& b) {
  if (std::abs(a.scale() - b.scale()) <= 1e-6F && a.zero_point() == b.zero_point()) return {};
  return node.fail(Errc::bad_model,
                   fmt::format("its input and output are quantised differently ({}, {} and {}, {})",
                               a.scale(), a.zero_point(), b.scale(), b.zero_point()));
}

Result<InOut> in_and_out(const Node& node, std::size_t least, std::size_t most, bool wide) {
  AIOT_CHECK(node.expect(least, most));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  const bool is_wide = wide && input->type == Type::int16;
  if (!is_wide) {
    AIOT_CHECK(expect_computable(node, *input, node.input_name(0)));
  }
  AIOT_CHECK(expect_type(node, *output, input->type, node.output_name()));
  if (input->type != Type::float32) {
    AIOT_CHECK(expect_one_scale(node, *input, node.input_name(0)));
    AIOT_CHECK(expect_one_scale(node, *output, node.output_name()));
  }
  if (is_wide && (input->zero_point() != 0 || output->zero_point() != 0)) {
    return node.fail(Errc::unsupported_option, "int16 with a zero point");
  }
  return InOut{input, output};
}

Result<kernel::Shape> image_shape(const Node& node, const Tensor& tensor, const std::string& name) {
  if (tensor.shape.size() != 4) {
    return node.fail(Errc::unsupported_option,
                     fmt::format("{} is {}, not four-dimensional", name, shape_text(tensor.shape)));
  }
  return kernel::Shape{tensor.shape[0], tensor.shape[1], tensor.shape[2], tensor.shape[3]};
}

Result<Steps> window_steps(const Node& node, Padding padding, std::int32_t image,
                           std::int32_t window, std::int32_t stride, std::int32_t dilation) {
  // Far beyond any device's image; keeps every sum below within 32 bits.
  constexpr std::int32_t most = 1 << 15;
  if (window < 1 || stride < 1 || dilation < 1 || window > most || stride > most ||
      dilation > most) {
    return node.fail(Errc::bad_model, fmt::format("a window of {} with stride {} and dilation {}",
                                                  window, stride, dilation));
  }
  if (image > (1 << 28)) return node.fail(Errc::too_large, fmt::format("an image of {}", image));
  const std::int64_t extent = static_cast<std::int64_t>(window - 1) * dilation + 1;
  Steps steps;
  if (padding == Padding::valid) {
    if (extent > image && image != 1) {
      return node.fail(Errc::bad_model,
                       fmt::format("a window of {} does not fit on {}", extent, image));
    }
    if (extent > image) {
      // A model of variable length, exported with an image of 1: one step, what hangs over counts
      // as 0. The reference's quotients go towards 0.
      steps.count = 1;
      const auto fitting = (image + stride - extent) / stride;
      const auto over = (fitting - 1) * stride + extent - image;
      steps.pad_before = static_cast<std::int32_t>(std::max<std::int64_t>(over, 0) / 2);
      return steps;
    }
    steps.count = static_cast<std::int32_t>((image - extent) / stride + 1);
    return steps;
  }
  steps.count = (image + stride - 1) / stride;
  const auto padded = static_cast<std::int64_t>(steps.count - 1) * stride + extent - image;
  if (padded > std::numeric_limits<std::int32_t>::max() / 2) {
    return node.fail(Errc::bad_model, fmt::format("a window of {} on {}", extent, image));
  }
  steps.pad_before = static_cast<std::int32_t>(std::max<std::int64_t>(padded, 0) / 2);
  return steps;
}

namespace {
/// Activation bounds of real numbers; infinite where there is none.
Result<kernel::Range<float>> real_range(const Node& node, Activation activation) {
  constexpr auto infinity = std::numeric_limits<float>::infinity();
  switch (activation) {
    case Activation::none: return kernel::Range<float>{-infinity, infinity};
    case Activation::relu: return kernel::Range<float>{0, infinity};
    case Activation::relu_n1_to_1: return kernel::Range<float>{-1, 1};
    case Activation::relu6: return kernel::Range<float>{0, 6};
    case Activation::tanh:
    case Activation::sign_bit: break;
  }
  return node.fail(Errc::unsupported_option, "a fused activation that is no kind of RELU");
}
}  // namespace

Result<kernel::Range<std::int32_t>> integer_range(const Node& node, Activation activation,
                                                  const Tensor& output) {
  AIOT_TRY(const auto real, real_range(node, activation));
  kernel::Range<std::int32_t> range{-128, 127};
  if (output.type == Type::int16) range = {-32'768, 32'767};
  const float beyond = output.type == Type::int16 ? 1 << 17 : 1 << 10;
  const auto quantize = [&](float value, std::int32_t otherwise) {
    if (std::isinf(value)) return otherwise;
    const float steps = std::round(value / output.scale());
    return output.zero_point() + static_cast<std::int32_t>(std::clamp(steps, -beyond, beyond));
  };
  range.low = std::max(range.low, quantize(real.low, range.low));
  range.high = std::min(range.high, quantize(real.high, range.high));
  return range;
}

Result<kernel::Range<float>> float_range(const Node& node, Activation activation) {
  AIOT_TRY(auto range, real_range(node, activation));
  range.low = std::max(range.low, std::numeric_limits<float>::lowest());
  range.high = std::min(range.high, std::numeric_limits<float>::max());
  return range;
}

Result<kernel::Factor> checked_factor(const Node& node, double value) {
  constexpr double most = 1 << 30;
  if (std::isfinite(value) && value >= 0 && value < most) {
    const auto factor = kernel::factor_of(value);
    if (factor.shift <= 30) return factor;
  }
  return node.fail(Errc::bad_model, fmt::format("scales whose quotient is {}", value));
}

Result<std::vector<std::int32_t>> constant_integers(const Node& node, std::size_t position) {
  AIOT_TRY(const auto* tensor, node.input(position));
  const auto name = node.input_name(position);
  if (tensor->elements() == 0) return std::vector<std::int32_t>{};
  if (!tensor->is_constant()) {
    return node.fail(Errc::unsupported_option, fmt::format("{} is computed", name),
                     "convert the model with fixed shapes");
  }
  if (tensor->type != Type::int32 && tensor->type != Type::int64) {
    return node.fail(Errc::unsupported_option,
                     fmt::format("{} is {}", name, name_of(tensor->type)));
  }
  constexpr std::size_t most_values = 64;
  if (tensor->elements() > most_values) {
    return node.fail(Errc::bad_model, fmt::format("{} has {} values", name, tensor->elements()));
  }
  std::vector<std::int32_t> values(tensor->elements());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (tensor->type == Type::int32) {
      std::memcpy(&values[i], tensor->data.data() + i * 4, 4);
      continue;
    }
    std::int64_t wide = 0;
    std::memcpy(&wide, tensor->data.data() + i * 8, 8);
    values[i] = static_cast<std::int32_t>(std::clamp<std::int64_t>(
        wide, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
  }
  return values;
}

Result<std::size_t> checked_axis(const Node& node, std::int32_t axis, std::size_t rank) {
  const auto signed_rank = static_cast<std::int32_t>(rank);
  const auto positive = axis < 0 ? axis + signed_rank : axis;
  if (axis < -signed_rank || positive >= signed_rank) {
    return node.fail(Errc::bad_model, fmt::format("axis {} of {}", axis, rank));
  }
  return static_cast<std::size_t>(positive);
}

Result<std::size_t> constant_axis(const Node& node, std::size_t position, std::size_t rank) {
  AIOT_TRY(const auto axes, constant_integers(node, position));
  if (axes.size() != 1) return node.fail(Errc::bad_model, fmt::format("{} axes", axes.size()));
  return checked_axis(node, axes[0], rank);
}

std::size_t product(const std::vector<std::int32_t>& shape, std::size_t first, std::size_t end) {
  std::size_t result = 1;
  for (auto i = first; i < end; ++i) result *= static_cast<std::size_t>(shape[i]);
  return result;
}

std::vector<std::int32_t> without(std::vector<std::int32_t> shape, std::size_t axis) {
  shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  return shape;
}

Result<void> expect_factor_for(const Node& node, kernel::Factor factor, Type type) {
  if (type != Type::int16 || factor.shift <= 7) return {};
  return node.fail(Errc::unsupported_option, "scales whose quotient is 128 or more");
}

Result<Requantization> requantization(const Node& node, const Tensor& input, const Tensor& weights,
                                      const Tensor& output, Activation activation, int axis,
                                      std::size_t channels) {
  const auto& scales = weights.quantization.scales;
  if (scales.empty()) return node.fail(Errc::bad_model, "weights without a scale");
  if (scales.size() > 1 && (scales.size() != channels || weights.quantization.axis != axis)) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} scales along axis {} for {} channels", scales.size(),
                                 weights.quantization.axis, channels));
  }
  for (const auto zero_point : weights.quantization.zero_points) {
    if (zero_point != 0 && !weights.was_uint8) {
      return node.fail(Errc::unsupported_option,
                       fmt::format("weights with zero point {}", zero_point));
    }
  }
  Requantization result;
  result.input_offset = -input.zero_point();
  result.output_offset = output.zero_point();
  if (weights.was_uint8) result.weights_offset = -weights.zero_point();
  AIOT_TRY(result.range, integer_range(node, activation, output));
  for (std::size_t i = 0; i < channels; ++i) {
    const auto scale = scales[scales.size() == 1 ? 0 : i];
    // Of uint8 the reference multiplies the two scales as floats.
    const double product = weights.was_uint8
                               ? static_cast<double>(input.scale() * scale)
                               : static_cast<double>(input.scale()) * static_cast<double>(scale);
    AIOT_TRY(const auto factor,
             checked_factor(node, product / static_cast<double>(output.scale())));
    AIOT_CHECK(expect_factor_for(node, factor, output.type));
    result.factors.push_back(factor);
  }
  return result;
}

Result<void> expect_summed(const Node& node, std::int64_t summed, const Tensor& weights) {
  if (summed <= (weights.was_uint8 ? most_summed / 2 : most_summed)) return {};
  return node.fail(Errc::unsupported_option, fmt::format("sums of {} products", summed));
}

Result<void> expect_weights(const Node& node, const Tensor& weights, const Tensor* bias, Type type,
                            std::size_t channels) {
  const bool may_be_real = type == Type::float32 && weights.type != Type::int8;
  AIOT_CHECK(
      expect_type(node, weights, may_be_real ? Type::float32 : Type::int8, node.input_name(1)));
  if (bias == nullptr) return {};
  const auto sum_type = type == Type::int8 ? Type::int32 : Type::int64;
  AIOT_CHECK(expect_type(node, *bias, type == Type::float32 ? type : sum_type, "the bias"));
  if (bias->elements() != channels) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} biases for {} channels", bias->elements(), channels));
  }
  return {};
}

Result<std::vector<float>> real_weights(const Node& node, const Tensor& weights, Type type,
                                        int axis) {
  std::vector<float> values;
  if (type != Type::float32 || weights.type != Type::int8) return values;
  const auto& q = weights.quantization;
  const auto size = static_cast<std::size_t>(axis) < weights.shape.size()
                        ? static_cast<std::size_t>(weights.shape[static_cast<std::size_t>(axis)])
                        : 0;
  if (!weights.is_constant()) {
    return node.fail(Errc::unsupported_option, "int8 weights that are computed");
  }
  if (q.scales.empty() || (q.scales.size() > 1 && (q.scales.size() != size || q.axis != axis))) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} scales along axis {}", q.scales.size(), q.axis));
  }
  std::size_t inner = 1;  // values between two indices of the axis
  for (std::size_t i = static_cast<std::size_t>(axis) + 1; i < weights.shape.size(); ++i) {
    inner *= static_cast<std::size_t>(weights.shape[i]);
  }
  values.reserve(weights.data.size());
  for (std::size_t i = 0; i < weights.data.size(); ++i) {
    const auto channel = q.scales.size() == 1 ? 0 : i / inner % size;
    const auto stored = static_cast<std::int8_t>(weights.data[i]) - q.zero_points[channel];
    values.push_back(static_cast<float>(stored) * q.scales[channel]);
  }
  return values;
}

}  // namespace aiot::inference
