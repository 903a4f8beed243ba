#include "inference/prepare/transpose_conv.hpp"

#include <fmt/format.h>

namespace aiot::inference {
namespace {

/// Inputs in the file's order: the output's shape (which the output has itself), filter, image,
/// bias.
constexpr std::size_t filter_input = 1;
constexpr std::size_t image_input = 2;
constexpr std::size_t bias_input = 3;

Result<void> set_window(const Node& node, const kernel::Shape& filter, TransposeConv& conv) {
  auto& s = conv.shape;
  const auto& options = node.options<ConvOptions>();
  if (filter.n != s.output.c || filter.c != s.input.c || s.input.n != s.output.n) {
    return node.fail(Errc::bad_model, "a filter that does not fit its input and output");
  }
  // The window goes over the output as a convolution's goes over its input.
  AIOT_TRY(const auto rows,
           window_steps(node, options.padding, s.output.h, filter.h, options.stride_h, 1));
  AIOT_TRY(const auto columns,
           window_steps(node, options.padding, s.output.w, filter.w, options.stride_w, 1));
  if (rows.count != s.input.h || columns.count != s.input.w) {
    return node.fail(Errc::bad_model,
                     fmt::format("{}x{} steps over the output for an input of {}x{}", rows.count,
                                 columns.count, s.input.h, s.input.w));
  }
  s.window = {filter.h, filter.w, options.stride_h, options.stride_w,
              1,        1,        rows.pad_before,  columns.pad_before};
  return {};
}

}  // namespace

Result<TransposeConv> prepare_transpose_conv(const Node& node) {
  AIOT_CHECK(node.expect(3, 4));
  AIOT_TRY(const auto* filter, node.input(filter_input));
  AIOT_TRY(const auto* input, node.input(image_input));
  AIOT_TRY(const auto* output, node.output());
  const auto* bias = node.optional_input(bias_input);
  TransposeConv conv;
  conv.type = input->type;
  conv.input = node.input_index(image_input);
  conv.filter = node.input_index(filter_input);
  conv.bias = node.input_index(bias_input);
  conv.output = node.output_index();
  AIOT_CHECK(expect_computable(node, *input, node.input_name(image_input)));
  AIOT_CHECK(expect_type(node, *output, conv.type, node.output_name()));
  AIOT_CHECK(expect_type(node, *filter, conv.type, node.input_name(filter_input)));
  AIOT_TRY(conv.shape.input, image_shape(node, *input, node.input_name(image_input)));
  AIOT_TRY(conv.shape.output, image_shape(node, *output, node.output_name()));
  AIOT_TRY(const auto weights, image_shape(node, *filter, node.input_name(filter_input)));
  AIOT_CHECK(set_window(node, weights, conv));
  const auto channels = static_cast<std::size_t>(conv.shape.output.c);
  AIOT_CHECK(expect_weights(node, *filter, bias, conv.type, channels));
  const auto activation = node.options<ConvOptions>().activation;
  if (conv.type == Type::float32) {
    AIOT_TRY(conv.range, float_range(node, activation));
    return conv;
  }
  AIOT_CHECK(expect_one_scale(node, *input, node.input_name(image_input)));
  AIOT_CHECK(expect_one_scale(node, *output, node.output_name()));
  const auto summed = static_cast<std::int64_t>(weights.h) * weights.w * weights.c;
  if (summed > most_summed) {
    return node.fail(Errc::unsupported_option, fmt::format("sums of {} products", summed));
  }
  AIOT_TRY(conv.quantized, requantization(node, *input, *filter, *output, activation, 0, channels));
  return conv;
}

}  // namespace aiot::inference
