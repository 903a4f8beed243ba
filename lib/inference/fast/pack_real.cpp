#include <algorithm>
#include <cmath>

#include "inference/fast/pack.hpp"

namespace aiot::inference::fast {
namespace {

bool all_finite(const float* values, std::size_t count) {
  return std::all_of(values, values + count, [](float value) { return std::isfinite(value); });
}

/// The biases of `channels`, whose first `real` repeat; 0 where there are none: no sum of products
/// is -0, so that it stays as it is.
Buffer pack_bias(const RealKernels& kernels, const float* bias, std::int32_t channels,
                 std::int32_t real) {
  Buffer packed(sizeof(float) * static_cast<std::size_t>(blocks_of(kernels, channels)) *
                block_of(kernels));
  if (bias == nullptr) return packed;
  for (std::int32_t c = 0; c < channels; ++c) packed.as<float>()[c] = bias[c % real];
  return packed;
}

}  // namespace

std::optional<PackedRealConvolution> pack_real_convolution(
    const RealKernels& kernels, const kernel::ConvShape& shape, kernel::Range<float> range,
    const float* filter, const float* bias, const Layout& input, const Layout& output) {
  const auto& window = shape.window;
  const std::int32_t depth = shape.input.c;
  const std::int32_t channels = shape.output.c;
  const bool depthwise = depth == 1 && shape.depth_multiplier == channels && channels > 1;
  if (!depthwise && shape.group_channels != depth) return std::nullopt;
  const auto elements = static_cast<std::size_t>(window.h) * window.w * depth;
  if (!all_finite(filter, elements * channels)) return std::nullopt;

  const std::int32_t block = block_of(kernels);
  PackedRealConvolution p;
  const auto steps = steps_of(window, input, 1);
  p.weights = Buffer(sizeof(float) * static_cast<std::size_t>(blocks_of(kernels, channels)) *
                     block * steps.size());
  auto* to = p.weights.as<float>();
  for (std::int32_t begin = 0; begin < channels; begin += block) {
    const std::int32_t count = std::min(block, channels - begin);
    const std::int32_t width = count <= kernels.lanes ? kernels.lanes : block;
    for (const auto& step : steps) {
      const auto element = static_cast<std::size_t>(step.element);
      for (std::int32_t c = 0; c < count; ++c) {
        const auto channel = static_cast<std::size_t>(begin + c);
        to[c] = filter[depthwise ? element * channels + channel : channel * elements + element];
      }
      p.offsets.push_back(step.offset);
      to += width;
    }
    p.step_ends.push_back(static_cast<std::int32_t>(p.offsets.size()));
  }
  p.bias = pack_bias(kernels, bias, channels, channels);
  pack_rows(window, input, output, 1, p.starts, p.places);
  p.task.weights = p.weights.data();
  p.task.starts = p.starts.data();
  p.task.places = p.places.data();
  p.task.offsets = p.offsets.data();
  p.task.step_ends = p.step_ends.data();
  p.task.channels = channels;
  p.task.scaling = {p.bias.as<float>(), range.low, range.high};
  return p;
}

std::optional<PackedRealDepthwise> pack_real_depthwise(const RealKernels& kernels,
                                                       const kernel::ConvShape& shape,
                                                       kernel::Range<float> range,
                                                       const float* filter, const float* bias,
                                                       const Layout& input, const Layout& output) {
  if (shape.depth_multiplier != 1) return std::nullopt;
  const auto& window = shape.window;
  const std::int32_t real = shape.output.c;
  const std::int32_t block = block_of(kernels);
  const std::int32_t together = pixels_together(shape, block);
  const std::int32_t channels = real * together;
  PackedRealDepthwise p;
  p.taps = taps_of(window, input);
  const auto taps = static_cast<std::int32_t>(p.taps.size());
  if (!all_finite(filter, static_cast<std::size_t>(taps) * real)) return std::nullopt;
  p.weights =
      Buffer(sizeof(float) * static_cast<std::size_t>(blocks_of(kernels, channels)) * block * taps);
  for (std::int32_t c = 0; c < channels; ++c) {
    const std::int32_t begin = c / block * block;
    for (std::int32_t tap = 0; tap < taps; ++tap) {
      const auto at = static_cast<std::size_t>(begin) * taps +
                      static_cast<std::size_t>(tap) * block + (c - begin);
      p.weights.as<float>()[at] = filter[static_cast<std::size_t>(tap) * real + c % real];
    }
  }
  p.bias = pack_bias(kernels, bias, channels, real);
  pack_rows(window, input, output, together, p.starts, p.places);
  p.task.weights = p.weights.data();
  p.task.starts = p.starts.data();
  p.task.places = p.places.data();
  p.task.taps = p.taps.data();
  p.task.tap_groups = taps;
  p.task.channels = channels;
  p.task.scaling = {p.bias.as<float>(), range.low, range.high};
  return p;
}

PackedRealPool pack_real_pool(const kernel::PoolShape& shape, bool maximum,
                              kernel::Range<float> range, const Layout& input,
                              const Layout& output) {
  PackedRealPool p{PoolWindows(shape, input, output), {}};
  p.windows.set(p.task);
  p.task.line_stride = input.line();
  p.task.channels = shape.output.c;
  p.task.maximum = maximum;
  p.task.lowest = range.low;
  p.task.highest = range.high;
  return p;
}

}  // namespace aiot::inference::fast
