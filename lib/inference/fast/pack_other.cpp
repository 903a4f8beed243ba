#include <algorithm>
#include <cstdlib>

#include "inference/fast/pack.hpp"
#include "inference/fast/pack_common.hpp"

namespace aiot::inference::fast {

std::optional<PackedDense> pack_dense(const Kernels& kernels, const kernel::MatrixShape& shape,
                                      const kernel::Requantize& quantized,
                                      const std::int8_t* weights, const std::int32_t* bias) {
  if (kernels.dense == nullptr || shape.rows != 1) return std::nullopt;
  constexpr std::int32_t most_of_a_pair = 128;
  const std::int32_t quads = (shape.depth + 3) / 4;
  const std::int32_t block = block_of(kernels);
  const std::int32_t blocks = blocks_of(kernels, shape.outputs);
  const Order order(kernels, shape.outputs, false);
  PackedDense p;
  p.weights = Buffer(static_cast<std::size_t>(blocks) * block * quads * 4);
  p.raised = Buffer(static_cast<std::size_t>(quads) * 4);
  std::vector<Channel> sums(shape.outputs);
  const auto quad_at = [&](std::int32_t begin, std::int32_t quad) {
    return p.weights.as<std::int8_t>() +
           (static_cast<std::size_t>(begin) * quads + static_cast<std::size_t>(quad) * block) * 4;
  };
  const auto weight = [&](std::int32_t o, std::int32_t k) {
    return weights[static_cast<std::size_t>(o) * shape.depth + k];
  };
  for (std::int32_t o = 0; o < shape.outputs; ++o) {
    sums[o].bias = bias == nullptr ? 0 : bias[o];
    for (std::int32_t k = 0; k < shape.depth; ++k) {
      sums[o].count(weight(o, k), quantized.input_offset);
    }
  }
  settle(sums, quantized);
  for (std::int32_t o = 0; o < shape.outputs; ++o) {
    if (sums[o].constant) continue;
    const std::int32_t begin = o / block * block;
    const std::int32_t lane = order.place(o) - begin;
    for (std::int32_t k = 0; k < shape.depth; ++k) {
      quad_at(begin, k / 4)[lane * 4 + k % 4] = weight(o, k);
    }
  }
  std::vector<std::int8_t> extra;
  for (std::int32_t b = 0; b < blocks; ++b) {
    for (std::int32_t q = 0; q < quads; ++q) {
      auto* quad = quad_at(b * block, q);
      const auto begin = extra.size();
      for (std::int32_t i = 0; i < block * 4; i += 2) {
        if (std::abs(quad[i]) + std::abs(quad[i + 1]) <= most_of_a_pair) continue;
        extra.resize(begin + static_cast<std::size_t>(block) * 4);
        for (const std::int32_t j : {i, i + 1}) {
          const auto half = static_cast<std::int8_t>(quad[j] / 2);
          extra[begin + j] = static_cast<std::int8_t>(quad[j] - half);
          quad[j] = half;
        }
      }
      if (extra.size() != begin) p.extra_quads.push_back(q);
    }
    p.extra_ends.push_back(static_cast<std::int32_t>(p.extra_quads.size()));
  }
  p.extra_weights = Buffer(extra.size());
  std::copy(extra.begin(), extra.end(), p.extra_weights.as<std::int8_t>());

  // These weights meet the input raised to uint8, and are not doubled.
  Kernels raised = kernels;
  raised.element = Element::raised;
  auto scaling = pack_scaling(raised, order, quantized, sums, 1);
  if (!scaling) return std::nullopt;
  p.scaling = std::move(*scaling);
  const std::int32_t more = more_of(kernels.element, quantized.output_offset);
  p.scaling.scaling.offset = quantized.output_offset + more;
  p.scaling.scaling.lowest = quantized.range.low + more;
  p.scaling.scaling.highest = quantized.range.high + more;
  p.task.raised = p.raised.as<std::uint8_t>();
  p.task.weights = p.weights.as<std::int8_t>();
  p.task.extra_ends = p.extra_ends.data();
  p.task.extra_quads = p.extra_quads.data();
  p.task.extra_weights = p.extra_weights.as<std::int8_t>();
  p.task.depth = shape.depth;
  p.task.quads = quads;
  p.task.channels = shape.outputs;
  p.task.raise = 128 - more_of(kernels.element, -quantized.input_offset);
  p.task.scaling = p.scaling.scaling;
  return p;
}

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
