#include "inference/prepare/requantization.hpp"

#include <fmt/format.h>

namespace aiot::inference {

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
    if (zero_point != 0) {
      return node.fail(Errc::unsupported_option,
                       fmt::format("weights with zero point {}", zero_point));
    }
  }
  Requantization result;
  result.input_offset = -input.zero_point();
  result.output_offset = output.zero_point();
  AIOT_TRY(result.range, int8_range(node, activation, output));
  for (std::size_t i = 0; i < channels; ++i) {
    const auto scale = scales[scales.size() == 1 ? 0 : i];
    const double value = static_cast<double>(input.scale()) * static_cast<double>(scale) /
                         static_cast<double>(output.scale());
    AIOT_TRY(const auto factor, checked_factor(node, value));
    result.factors.push_back(factor);
  }
  return result;
}

Result<void> expect_weights(const Node& node, const Tensor& weights, const Tensor* bias, Type type,
                            std::size_t channels) {
  if (weights.type != Type::int8) {
    AIOT_CHECK(expect_type(node, weights, type, node.input_name(1)));
  }
  if (bias == nullptr) return {};
  AIOT_CHECK(expect_type(node, *bias, type == Type::int8 ? Type::int32 : type, "the bias"));
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
