#include "inference/prepare/pool.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "inference/prepare/requantization.hpp"

namespace aiot::inference {

Result<Pool> prepare_pool(const Node& node) {
  AIOT_TRY(const auto tensors, in_and_out(node, 1, 1));
  Pool pool;
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
  AIOT_TRY(pool.range, int8_range(node, options.activation, *tensors.output));
  return pool;
}

}  // namespace aiot::inference
