#include "inference/fast/pack_common.hpp"

namespace aiot::inference::fast {
namespace {

/// The result of a channel that gives the same whatever its input is: a dead one, or one whose bias
/// alone decides. nullopt for all others.
std::optional<std::int32_t> only_result(const Channel& channel, const kernel::Requantize& quantized,
                                        std::int32_t index) {
  const std::int64_t limit = (1LL << 31) >> std::max(quantized.factors[index].shift, 0);
  const std::int64_t least = channel.bias + channel.least;
  const std::int64_t most = channel.bias + channel.most;
  if (least <= -limit || most >= limit) return std::nullopt;
  // Scaling, rounding and clamping keep the order, so what both ends give is what all give.
  const auto result = quantized.result(static_cast<std::int32_t>(least), index);
  if (result != quantized.result(static_cast<std::int32_t>(most), index)) return std::nullopt;
  return result;
}

}  // namespace

void settle(std::vector<Channel>& channels, const kernel::Requantize& quantized) {
  for (std::size_t i = 0; i < channels.size(); ++i) {
    auto& channel = channels[i];
    channel.factor = quantized.factors[i];
    const auto result = only_result(channel, quantized, static_cast<std::int32_t>(i));
    if (!result) continue;
    channel = {4 * static_cast<std::int64_t>(*result - quantized.output_offset),
               0,
               0,
               0,
               {1 << 30, -1},
               true};
  }
}

std::optional<PackedScaling> pack_scaling(const Kernels& kernels, const Order& order,
                                          const kernel::Requantize& quantized,
                                          std::span<const Channel> channels, std::int32_t factor) {
  const auto count = static_cast<std::int32_t>(channels.size());
  const std::size_t bytes = sizeof(std::int32_t) *
                            static_cast<std::size_t>(blocks_of(kernels, count)) * block_of(kernels);
  PackedScaling p{Buffer(bytes), Buffer(bytes), Buffer(bytes), Buffer(bytes), {}};
  const std::int32_t input_more = more_of(kernels.element, -quantized.input_offset);
  const std::int32_t output_more = more_of(kernels.element, quantized.output_offset);
  bool some_left = false;
  p.scaling.uniform = true;
  for (std::int32_t c = 0; c < count; ++c) {
    const auto& channel = channels[c];
    const kernel::Factor f = channel.factor;
    // sum((element - more + offset) * w) = sum(element * w) + (offset - more) * sum(w)
    const auto bias = channel.bias + (quantized.input_offset - input_more) * channel.weights;
    const std::int32_t left = std::max(f.shift, 0);
    const std::int64_t limit = sum_limit >> left;
    if (channel.bias + channel.least <= -limit || channel.bias + channel.most >= limit) {
      return std::nullopt;
    }
    const std::int32_t at = order.place(c);
    p.bias.as<std::int32_t>()[at] = static_cast<std::int32_t>(bias * factor);
    p.multiplier.as<std::int32_t>()[at] = f.multiplier;
    p.right.as<std::int32_t>()[at] = std::max(-f.shift, 0);
    p.left.as<std::int32_t>()[at] = left;
    some_left = some_left || left > 0;
    p.scaling.some_unshifted = p.scaling.some_unshifted || f.shift >= 0;
    p.scaling.uniform = p.scaling.uniform && f.multiplier == channels[0].factor.multiplier &&
                        f.shift == channels[0].factor.shift;
  }
  p.scaling.bias = p.bias.as<std::int32_t>();
  p.scaling.multiplier = p.multiplier.as<std::int32_t>();
  p.scaling.right = p.right.as<std::int32_t>();
  p.scaling.left = some_left ? p.left.as<std::int32_t>() : nullptr;
  p.scaling.offset = quantized.output_offset + output_more;
  p.scaling.lowest = quantized.range.low + output_more;
  p.scaling.highest = quantized.range.high + output_more;
  return p;
}

void pack_rows(const kernel::Window& window, const Layout& input, const Layout& output,
               std::int32_t together, std::vector<std::int32_t>& starts,
               std::vector<std::int32_t>& places) {
  for (std::int32_t n = 0; n < output.shape.n; ++n) {
    for (std::int32_t y = 0; y < output.shape.h; ++y) {
      for (std::int32_t x = 0; x < output.shape.w; x += together) {
        starts.push_back(input.at(n, y * window.stride_h - window.pad_top,
                                  x * window.stride_w - window.pad_left));
        places.push_back(output.at(n, y, x));
      }
    }
  }
}

}  // namespace aiot::inference::fast
