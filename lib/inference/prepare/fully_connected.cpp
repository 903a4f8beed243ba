#include "inference/prepare/fully_connected.hpp"

#include <fmt/format.h>

namespace aiot::inference {

Result<FullyConnected> prepare_fully_connected(const Node& node) {
  AIOT_TRY(const auto tensors, in_and_out(node, 2, 3));
  AIOT_TRY(const auto* weights, node.input(1));
  const auto& options = node.options<FullyConnectedOptions>();
  if (options.weights_format != 0) {
    return node.fail(Errc::unsupported_option,
                     fmt::format("weights format {}", options.weights_format));
  }
  if (weights->shape.size() != 2) {
    return node.fail(Errc::unsupported_option,
                     fmt::format("weights of {}", shape_text(weights->shape)));
  }
  FullyConnected fc;
  fc.type = tensors.input->type;
  fc.input = node.input_index(0);
  fc.weights = node.input_index(1);
  fc.bias = node.input_index(2);
  fc.output = node.output_index();
  fc.shape.outputs = weights->shape[0];
  fc.shape.depth = weights->shape[1];
  const auto depth = static_cast<std::size_t>(fc.shape.depth);
  const auto outputs = static_cast<std::size_t>(fc.shape.outputs);
  const auto rows = tensors.input->elements() / depth;
  if (tensors.input->elements() % depth != 0 || tensors.output->elements() != rows * outputs) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} to {} with weights of {}", shape_text(tensors.input->shape),
                                 shape_text(tensors.output->shape), shape_text(weights->shape)));
  }
  fc.shape.rows = static_cast<std::int32_t>(rows);
  AIOT_CHECK(expect_weights(node, *weights, node.optional_input(2), fc.type, outputs));
  if (!tensors.quantized()) {
    AIOT_TRY(fc.range, float_range(node, options.activation));
    AIOT_TRY(fc.real_weights, real_weights(node, *weights, fc.type, 0));
    return fc;
  }
  if (fc.shape.depth > most_summed) {
    return node.fail(Errc::unsupported_option, fmt::format("sums of {} products", depth));
  }
  AIOT_TRY(fc.quantized, requantization(node, *tensors.input, *weights, *tensors.output,
                                        options.activation, 0, outputs));
  if (weights->quantization.scales.size() == 1) {
    // With one scale for all, the reference multiplies the two scales as floats, not as doubles.
    const float product = tensors.input->scale() * weights->scale();
    const double value =
        static_cast<double>(product) / static_cast<double>(tensors.output->scale());
    AIOT_TRY(const auto factor, checked_factor(node, value));
    fc.quantized.factors.assign(outputs, factor);
  }
  return fc;
}

}  // namespace aiot::inference
