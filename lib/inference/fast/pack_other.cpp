#include <algorithm>

#include "inference/fast/pack.hpp"
#include "inference/fast/pack_common.hpp"

namespace aiot::inference::fast {

PackedPool pack_pool(const Kernels& kernels, const kernel::PoolShape& shape,
                     kernel::Range<std::int32_t> range, std::int32_t input_zero_point,
                     std::int32_t output_zero_point, const Layout& input, const Layout& output) {
  PackedPool p;
  const auto& window = shape.window;
  for (std::int32_t n = 0; n < shape.output.n; ++n) {
    for (std::int32_t y = 0; y < shape.output.h; ++y) {
      for (std::int32_t x = 0; x < shape.output.w; ++x) {
        const std::int32_t top = y * window.stride_h - window.pad_top;
        const std::int32_t left = x * window.stride_w - window.pad_left;
        const std::int32_t first_line = std::max(top, 0);
        const std::int32_t first_column = std::max(left, 0);
        p.starts.push_back(input.at(n, first_line, first_column));
        p.places.push_back(output.at(n, y, x));
        p.heights.push_back(std::min(top + window.h, shape.input.h) - first_line);
        p.widths.push_back(std::min(left + window.w, shape.input.w) - first_column);
      }
    }
  }
  p.task.starts = p.starts.data();
  p.task.places = p.places.data();
  p.task.heights = p.heights.data();
  p.task.widths = p.widths.data();
  p.task.line_stride = input.line();
  p.task.channels = shape.output.c;
  p.task.input_more = more_of(kernels.element, input_zero_point);
  p.task.output_more = more_of(kernels.element, output_zero_point);
  p.task.lowest = range.low;
  p.task.highest = range.high;
  return p;
}

std::optional<PackedAddition> pack_addition(const Kernels& kernels, const AdditionFactors& f,
                                            const Layout& left, const Layout& right,
                                            const Layout& output) {
  constexpr int to_left = 20;
  constexpr std::int64_t largest = 255LL << to_left;  // |value - zero point|
  static_assert(2 * largest < sum_limit);             // both inputs, scaled by at most 1
  if (f.left.shift > 0 || f.right.shift > 0 || f.output.shift > 0) return std::nullopt;
  // One block, all lanes alike: a factor for each, and no bias.
  const std::int32_t block = block_of(kernels);
  const Order order(kernels, block, false);
  const auto pack = [&](kernel::Factor factor) {
    Channel channel;
    channel.factor = factor;
    kernel::Requantize quantized;
    quantized.output_offset = f.output_zero_point;
    quantized.range = f.range;
    const std::vector<Channel> channels(block, channel);
    return std::move(*pack_scaling(kernels, order, quantized, channels, 1));
  };
  PackedAddition p;
  p.left = pack(f.left);
  p.right = pack(f.right);
  p.both = pack(f.output);
  for (std::int32_t n = 0; n < output.shape.n; ++n) {
    for (std::int32_t y = 0; y < output.shape.h; ++y) {
      p.left_starts.push_back(left.at(n, y, 0));
      p.right_starts.push_back(right.at(n, y, 0));
      p.places.push_back(output.at(n, y, 0));
    }
  }
  p.task.left_starts = p.left_starts.data();
  p.task.right_starts = p.right_starts.data();
  p.task.places = p.places.data();
  p.task.length = output.shape.w * output.shape.c;
  p.task.left_zero = f.left_zero_point + more_of(kernels.element, f.left_zero_point);
  p.task.right_zero = f.right_zero_point + more_of(kernels.element, f.right_zero_point);
  const auto is_half = [](kernel::Factor factor) {
    return factor.multiplier == 1 << 30 && factor.shift == 0;
  };
  p.task.left_is_half = is_half(f.left);
  p.task.right_is_half = is_half(f.right);
  p.task.left_scaling = p.left.scaling;
  p.task.right_scaling = p.right.scaling;
  p.task.scaling = p.both.scaling;
  return p;
}

}  // namespace aiot::inference::fast
