#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "inference/prepare/prepare.hpp"

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
    // Some converters leave the multiplier out: the shapes give it.
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
  AIOT_TRY(const auto tensors, in_and_out(node, 2, 3, true));
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
  AIOT_CHECK(expect_summed(node, summed, *filter));
  AIOT_TRY(conv.quantized, requantization(node, *tensors.input, *filter, *tensors.output,
                                          options.activation, conv.depthwise ? 3 : 0, channels));
  return conv;
}

Result<FullyConnected> prepare_fully_connected(const Node& node) {
  AIOT_TRY(const auto tensors, in_and_out(node, 2, 3, true));
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
  AIOT_CHECK(expect_summed(node, fc.shape.depth, *weights));
  AIOT_TRY(fc.quantized, requantization(node, *tensors.input, *weights, *tensors.output,
                                        options.activation, 0, outputs));
  if (weights->quantization.scales.size() == 1) {
    // With one scale for all, the reference multiplies the two scales as floats, not as doubles.
    const float product = tensors.input->scale() * weights->scale();
    const double value =
        static_cast<double>(product) / static_cast<double>(tensors.output->scale());
    AIOT_TRY(const auto factor, checked_factor(node, value));
    AIOT_CHECK(expect_factor_for(node, factor, fc.type));
    fc.quantized.factors.assign(outputs, factor);
  }
  return fc;
}

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
  const bool wide = conv.type == Type::int16;
  if (!wide) {
    AIOT_CHECK(expect_computable(node, *input, node.input_name(image_input)));
  }
  AIOT_CHECK(expect_type(node, *output, conv.type, node.output_name()));
  AIOT_CHECK(
      expect_type(node, *filter, wide ? Type::int8 : conv.type, node.input_name(filter_input)));
  if (wide && (input->zero_point() != 0 || output->zero_point() != 0)) {
    return node.fail(Errc::unsupported_option, "int16 with a zero point");
  }
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

namespace {

/// The extents of a matrix and of its batches.
struct Matrix {
  std::int32_t rows = 1, columns = 1;
  std::vector<std::int32_t> batch;  ///< as many as BatchMatMulShape::rank
};

Result<Matrix> matrix_of(const Node& node, const Tensor& tensor, bool transposed,
                         const std::string& name) {
  constexpr std::size_t most = kernel::BatchMatMulShape::rank + 2;
  const auto& s = tensor.shape;
  if (s.size() < 2 || s.size() > most) {
    return node.fail(Errc::unsupported_option, fmt::format("{} is {}", name, shape_text(s)));
  }
  Matrix m{s[s.size() - 2], s[s.size() - 1], std::vector<std::int32_t>(most - s.size(), 1)};
  if (transposed) std::swap(m.rows, m.columns);
  m.batch.insert(m.batch.end(), s.begin(), s.end() - 2);
  return m;
}

/// Distances between batches: 0 where one is repeated.
void set_batch_steps(const Matrix& m, std::size_t (&steps)[kernel::BatchMatMulShape::rank]) {
  auto step = static_cast<std::size_t>(m.rows) * static_cast<std::size_t>(m.columns);
  for (std::size_t i = m.batch.size(); i-- > 0;) {
    steps[i] = m.batch[i] == 1 ? 0 : step;
    step *= static_cast<std::size_t>(m.batch[i]);
  }
}

}  // namespace

Result<BatchMatMul> prepare_batch_matmul(const Node& node) {
  AIOT_TRY(const auto tensors, in_and_out(node, 2, 2, true));
  AIOT_TRY(const auto* second, node.input(1));
  AIOT_CHECK(expect_type(node, *second, tensors.input->type, node.input_name(1)));
  if (second->type == Type::int16 && second->zero_point() != 0) {
    return node.fail(Errc::unsupported_option, "int16 with a zero point");
  }
  const auto& options = node.options<BatchMatMulOptions>();
  AIOT_TRY(const auto a, matrix_of(node, *tensors.input, options.transpose_a, node.input_name(0)));
  AIOT_TRY(const auto b, matrix_of(node, *second, options.transpose_b, node.input_name(1)));
  BatchMatMul product;
  product.type = tensors.input->type;
  product.a = node.input_index(0);
  product.b = node.input_index(1);
  product.output = node.output_index();
  auto& s = product.shape;
  s.rows = a.rows;
  s.depth = a.columns;
  s.columns = b.columns;
  bool fits = a.columns == b.rows;
  const auto rank = std::max(tensors.input->shape.size(), second->shape.size());
  std::vector<std::int32_t> shape;
  for (std::size_t i = 0; i < a.batch.size(); ++i) {
    fits = fits && (a.batch[i] == b.batch[i] || a.batch[i] == 1 || b.batch[i] == 1);
    s.batch[i] = std::max(a.batch[i], b.batch[i]);
    if (i + rank >= a.batch.size() + 2) shape.push_back(s.batch[i]);
  }
  if (!fits) {
    return node.fail(Errc::bad_model, fmt::format("{} times {}", shape_text(tensors.input->shape),
                                                  shape_text(second->shape)));
  }
  shape.insert(shape.end(), {s.rows, s.columns});
  AIOT_CHECK(expect_shape(node, *tensors.output, shape, node.output_name()));
  set_batch_steps(a, s.batch_step_a);
  set_batch_steps(b, s.batch_step_b);
  s.row_step_a = options.transpose_a ? 1 : static_cast<std::size_t>(s.depth);
  s.depth_step_a = options.transpose_a ? static_cast<std::size_t>(s.rows) : 1;
  s.depth_step_b = options.transpose_b ? 1 : static_cast<std::size_t>(s.columns);
  s.column_step_b = options.transpose_b ? static_cast<std::size_t>(s.depth) : 1;
  if (!tensors.quantized()) return product;
  AIOT_CHECK(expect_one_scale(node, *second, node.input_name(1)));
  constexpr std::int32_t most = 32'768;  // of int8 products with both zero points off
  if (s.depth > most) {
    return node.fail(Errc::unsupported_option, fmt::format("sums of {} products", s.depth));
  }
  auto& q = product.quantized;
  q.offset_a = -tensors.input->zero_point();
  q.offset_b = -second->zero_point();
  q.output_offset = tensors.output->zero_point();
  // The two scales are multiplied as floats, as the reference does it.
  const float scale = tensors.input->scale() * second->scale();
  AIOT_TRY(q.factor, checked_factor(node, static_cast<double>(scale) /
                                              static_cast<double>(tensors.output->scale())));
  AIOT_CHECK(expect_factor_for(node, q.factor, product.type));
  return product;
}

Result<Svdf> prepare_svdf(const Node& node) {
  constexpr std::size_t state_input = 4;
  AIOT_CHECK(node.expect(5, 5));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* weights, node.input(1));
  AIOT_TRY(const auto* time_weights, node.input(2));
  const auto* bias = node.optional_input(3);
  AIOT_TRY(const auto* state, node.input(state_input));
  AIOT_TRY(const auto* output, node.output());
  for (const auto& [tensor, name] :
       {std::pair(input, node.input_name(0)), std::pair(weights, node.input_name(1)),
        std::pair(output, node.output_name())}) {
    AIOT_CHECK(expect_type(node, *tensor, Type::int8, name));
    AIOT_CHECK(expect_one_scale(node, *tensor, name));
  }
  if (state->type != Type::int8 && state->type != Type::int16) {
    AIOT_CHECK(expect_type(node, *state, Type::int8, node.input_name(state_input)));
  }
  AIOT_CHECK(expect_type(node, *time_weights, state->type, node.input_name(2)));
  AIOT_CHECK(expect_one_scale(node, *state, node.input_name(state_input)));
  AIOT_CHECK(expect_one_scale(node, *time_weights, node.input_name(2)));
  const auto& options = node.options<SvdfOptions>();
  if (state->variable < 0 || (state->type == Type::int16 && state->zero_point() != 0) ||
      weights->zero_point() != 0 || time_weights->zero_point() != 0) {
    return node.fail(Errc::unsupported_option, "a state that is no variable, or a zero point");
  }
  if (input->shape.size() != 2 || weights->shape.size() != 2 || time_weights->shape.size() != 2 ||
      options.rank < 1 || weights->shape[0] % options.rank != 0) {
    return node.fail(Errc::bad_model, fmt::format("weights of {}", shape_text(weights->shape)));
  }
  Svdf svdf;
  auto& s = svdf.shape;
  s = {input->shape[0], input->shape[1], weights->shape[0], options.rank, time_weights->shape[1]};
  const auto units = s.filters / s.rank;
  AIOT_CHECK(expect_shape(node, *weights, {s.filters, s.inputs}, node.input_name(1)));
  AIOT_CHECK(expect_shape(node, *time_weights, {s.filters, s.memory}, node.input_name(2)));
  AIOT_CHECK(expect_shape(node, *output, {s.batches, units}, node.output_name()));
  if (static_cast<std::int64_t>(state->elements()) !=
      static_cast<std::int64_t>(s.batches) * s.filters * s.memory) {
    return node.fail(Errc::bad_model, fmt::format("a state of {}", shape_text(state->shape)));
  }
  if (s.inputs > most_summed) {
    return node.fail(Errc::unsupported_option, fmt::format("sums of {} products", s.inputs));
  }
  if (bias != nullptr) {
    AIOT_CHECK(expect_type(node, *bias, Type::int32, "the bias"));
    AIOT_CHECK(expect_shape(node, *bias, {units}, "the bias"));
  }
  auto& q = svdf.quantized;
  q.input_offset = -input->zero_point();
  q.state_zero_point = state->zero_point();
  q.output_zero_point = output->zero_point();
  // Scales are multiplied as floats, as the reference does it.
  AIOT_TRY(q.to_state, checked_factor(node, static_cast<double>(input->scale() * weights->scale() /
                                                                state->scale())));
  AIOT_TRY(q.to_output,
           checked_factor(node, static_cast<double>(state->scale() * time_weights->scale() /
                                                    output->scale())));
  svdf.state_type = state->type;
  svdf.state = static_cast<std::size_t>(state->variable);
  svdf.input = node.input_index(0);
  svdf.weights = node.input_index(1);
  svdf.time_weights = node.input_index(2);
  svdf.bias = node.input_index(3);
  svdf.output = node.output_index();
  return svdf;
}

}  // namespace aiot::inference
