#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "inference/prepare/prepare.hpp"

namespace aiot::inference {

Result<Pool> prepare_pool(const Node& node) {
  AIOT_TRY(const auto tensors, in_and_out(node, 1, 1, true));
  Pool pool;
  pool.squares = node.op().code == Code::l2_pool_2d;
  if (pool.squares) {
    AIOT_CHECK(expect_type(node, *tensors.input, Type::float32, node.input_name(0)));
  }
  pool.maximum = node.op().code == Code::max_pool_2d;
  pool.type = tensors.input->type;
  pool.input = node.input_index(0);
  pool.output = node.output_index();
  auto& s = pool.shape;
  AIOT_TRY(s.input, image_shape(node, *tensors.input, node.input_name(0)));
  const auto& options = node.options<PoolOptions>();
  AIOT_TRY(const auto rows,
           window_steps(node, options.padding, s.input.h, options.filter_h, options.stride_h, 1));
  AIOT_TRY(const auto columns,
           window_steps(node, options.padding, s.input.w, options.filter_w, options.stride_w, 1));
  s.window = {options.filter_h, options.filter_w,  options.stride_h, options.stride_w, 1, 1,
              rows.pad_before,  columns.pad_before};
  s.output = {s.input.n, rows.count, columns.count, s.input.c};
  AIOT_CHECK(expect_shape(node, *tensors.output, {s.output.n, s.output.h, s.output.w, s.output.c},
                          node.output_name()));
  if (!tensors.quantized()) {
    AIOT_TRY(pool.real_range, float_range(node, options.activation));
    return pool;
  }
  const auto summed =
      static_cast<std::int64_t>(std::min(s.window.h, s.input.h)) * std::min(s.window.w, s.input.w);
  if (summed > most_summed) {
    return node.fail(Errc::unsupported_option, fmt::format("a window of {} pixels", summed));
  }
  AIOT_CHECK(expect_same_quantization(node, *tensors.input, *tensors.output));
  // Averages of uint8 are rounded as values from 0 to 255.
  if (tensors.input->was_uint8 && !pool.maximum) s.offset = 128;
  AIOT_TRY(pool.range, integer_range(node, options.activation, *tensors.output));
  return pool;
}

namespace {

Result<std::vector<bool>> reduced_dimensions(const Node& node, std::size_t rank) {
  AIOT_TRY(const auto axes, constant_integers(node, 1));
  std::vector<bool> reduced(rank);
  for (const auto value : axes) {
    AIOT_TRY(const auto axis, checked_axis(node, value, rank));
    reduced[axis] = true;
  }
  return reduced;
}

bool has_wide_sums(Code code) { return code == Code::mean || code == Code::sum; }

/// Those of REDUCE_ALL: both bool.
Result<InOut> truths_in_and_out(const Node& node) {
  AIOT_CHECK(node.expect(2, 2));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_type(node, *input, Type::boolean, node.input_name(0)));
  AIOT_CHECK(expect_type(node, *output, Type::boolean, node.output_name()));
  return InOut{input, output};
}

/// The factor from the sum of `count` values to their mean in the output's scale, in the precision
/// that the reference's has: 1 / count goes into the multiplier, as many bits up as it has.
Result<kernel::Factor> mean_factor(const Node& node, double value, std::int32_t count) {
  AIOT_TRY(auto factor, checked_factor(node, value));
  const auto bits = static_cast<int>(std::bit_width(static_cast<std::uint32_t>(count))) - 1;
  const auto shift = std::min(bits, 31 + factor.shift);
  factor.multiplier =
      static_cast<std::int32_t>((static_cast<std::int64_t>(factor.multiplier) << shift) / count);
  factor.shift -= shift;
  return factor;
}

}  // namespace

Result<Mean> prepare_mean(const Node& node) {
  const bool of_truths = node.op().code == Code::reduce_all;
  AIOT_TRY(const auto tensors, of_truths ? truths_in_and_out(node)
                                         : in_and_out(node, 2, 2, has_wide_sums(node.op().code)));
  const auto& extents = tensors.input->shape;
  AIOT_TRY(const auto reduced, reduced_dimensions(node, extents.size()));
  Mean mean;
  mean.code = node.op().code;
  mean.type = tensors.input->type;
  mean.input = node.input_index(0);
  mean.output = node.output_index();
  auto& s = mean.shape;
  std::vector<std::int32_t> shape;
  std::size_t step = 1;
  std::int64_t count = 1;
  for (std::size_t i = extents.size(); i-- > 0;) {
    const auto to = kernel::MeanShape::rank - extents.size() + i;
    (reduced[i] ? s.reduced_extent : s.kept_extent)[to] = extents[i];
    (reduced[i] ? s.reduced_step : s.kept_step)[to] = step;
    step *= static_cast<std::size_t>(extents[i]);
    if (reduced[i]) count *= extents[i];
    if (!reduced[i]) {
      shape.insert(shape.begin(), extents[i]);
    } else if (node.options<ReduceOptions>().keep_dims) {
      shape.insert(shape.begin(), 1);
    }
  }
  AIOT_CHECK(expect_shape(node, *tensors.output, shape, node.output_name()));
  s.count = static_cast<std::int32_t>(count);
  if (of_truths || !tensors.quantized()) return mean;
  if (mean.code == Code::reduce_max || mean.code == Code::reduce_min) {
    AIOT_CHECK(expect_same_quantization(node, *tensors.input, *tensors.output));
    return mean;
  }
  // Their sum fits 32 bits.
  const std::int64_t most_averaged = mean.type == Type::int16 ? 1 << 15 : 1 << 22;
  if (count > most_averaged) {
    return node.fail(Errc::unsupported_option, fmt::format("means of {} values", count));
  }
  mean.quantized.input_zero_point = tensors.input->zero_point();
  mean.quantized.output_zero_point = tensors.output->zero_point();
  const double value =
      static_cast<double>(tensors.input->scale()) / static_cast<double>(tensors.output->scale());
  AIOT_TRY(mean.quantized.factor, mean_factor(node, value, mean.code == Code::sum ? 1 : s.count));
  return mean;
}

Result<ArgExtreme> prepare_arg_extreme(const Node& node) {
  AIOT_CHECK(node.expect(2, 2));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_computable(node, *input, node.input_name(0)));
  AIOT_CHECK(expect_type(node, *output, Type::int32, node.output_name()));
  const auto& shape = input->shape;
  AIOT_TRY(const auto axis, constant_axis(node, 1, shape.size()));
  AIOT_CHECK(expect_shape(node, *output, without(shape, axis), node.output_name()));
  ArgExtreme arg;
  arg.maximum = node.op().code == Code::arg_max;
  arg.type = input->type;
  arg.outer = product(shape, 0, axis);
  arg.extent = shape[axis];
  arg.inner = product(shape, axis + 1, shape.size());
  arg.input = node.input_index(0);
  arg.output = node.output_index();
  return arg;
}

}  // namespace aiot::inference
