#include "inference/prepare/conv.hpp"

#include <fmt/format.h>

namespace aiot::inference {
namespace {

/// How the channels of input, filter and output go together.
Result<void> set_channels(const Node& node, const kernel::Shape& filter, const ConvOptions& options,
                          Conv& conv) {
  auto& s = conv.shape;
  const auto mismatch = [&](std::string_view what) {
    return node.fail(Errc::bad_model,
                     fmt::format("{}: {} to {} channels with a filter of {}x{}x{}x{}", what,
                                 s.input.c, s.output.c, filter.n, filter.h, filter.w, filter.c));
  };
  if (conv.depthwise) {
    if (filter.n != 1 || filter.c != s.output.c || s.output.c % s.input.c != 0) {
      return mismatch("not depthwise");
    }
    s.depth_multiplier = s.output.c / s.input.c;
    // Some converters leave the multiplier out: the shapes say it.
    if (options.depth_multiplier != 0 && options.depth_multiplier != s.depth_multiplier) {
      return mismatch(fmt::format("depth multiplier {}", options.depth_multiplier));
    }
    return {};
  }
  s.group_channels = filter.c;
  if (filter.n != s.output.c || s.input.c % filter.c != 0 ||
      s.output.c % (s.input.c / filter.c) != 0) {
    return mismatch("groups that do not come out even");
  }
  return {};
}

Result<void> set_window(const Node& node, const kernel::Shape& filter, const ConvOptions& options,
                        Conv& conv) {
  auto& s = conv.shape;
  AIOT_TRY(const auto rows, window_steps(node, options.padding, s.input.h, filter.h,
                                         options.stride_h, options.dilation_h));
  AIOT_TRY(const auto columns, window_steps(node, options.padding, s.input.w, filter.w,
                                            options.stride_w, options.dilation_w));
  s.window = {filter.h,           filter.w,           options.stride_h, options.stride_w,
              options.dilation_h, options.dilation_w, rows.pad_before,  columns.pad_before};
  AIOT_TRY(const auto* output, node.output());
  return expect_shape(node, *output, {s.input.n, rows.count, columns.count, s.output.c},
                      node.output_name());
}

}  // namespace

Result<Conv> prepare_conv(const Node& node) {
  AIOT_TRY(const auto tensors, in_and_out(node, 2, 3));
  AIOT_TRY(const auto* filter, node.input(1));
  Conv conv;
  conv.depthwise = node.op().code == Code::depthwise_conv_2d;
  conv.type = tensors.input->type;
  conv.input = node.input_index(0);
  conv.filter = node.input_index(1);
  conv.bias = node.input_index(2);
  conv.output = node.output_index();
  AIOT_TRY(conv.shape.input, image_shape(node, *tensors.input, node.input_name(0)));
  AIOT_TRY(conv.shape.output, image_shape(node, *tensors.output, node.output_name()));
  AIOT_TRY(const auto weights, image_shape(node, *filter, node.input_name(1)));
  const auto& options = node.options<ConvOptions>();
  AIOT_CHECK(set_channels(node, weights, options, conv));
  AIOT_CHECK(set_window(node, weights, options, conv));
  const auto channels = static_cast<std::size_t>(conv.shape.output.c);
  AIOT_CHECK(expect_weights(node, *filter, node.optional_input(2), conv.type, channels));
  if (!tensors.quantized()) {
    AIOT_TRY(conv.range, float_range(node, options.activation));
    AIOT_TRY(conv.real_weights, real_weights(node, *filter, conv.type, conv.depthwise ? 3 : 0));
    return conv;
  }
  const auto summed = static_cast<std::int64_t>(weights.h) * weights.w * conv.shape.group_channels;
  if (summed > most_summed) {
    return node.fail(Errc::unsupported_option, fmt::format("sums of {} products", summed));
  }
  AIOT_TRY(conv.quantized, requantization(node, *tensors.input, *filter, *tensors.output,
                                          options.activation, conv.depthwise ? 3 : 0, channels));
  return conv;
}

}  // namespace aiot::inference
