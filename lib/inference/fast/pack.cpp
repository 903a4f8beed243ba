#include "inference/fast/pack.hpp"

#include <algorithm>

#include "inference/fast/pack_common.hpp"

namespace aiot::inference::fast {
namespace {

void put_weight(Buffer& buffer, std::int32_t bytes, std::size_t at, std::int32_t value) {
  if (bytes == 2) {
    buffer.as<std::int16_t>()[at] = static_cast<std::int16_t>(value);
  } else {
    buffer.as<std::int8_t>()[at] = static_cast<std::int8_t>(value);
  }
}

/// A depthwise convolution of few channels does neighbouring pixels as if they were channels of
/// one, where its step is one pixel: so many of them.
std::int32_t pixels_together(const kernel::ConvShape& shape, std::int32_t block) {
  const std::int32_t most = block / shape.output.c;
  if (most < 2 || shape.window.stride_w != 1) return 1;
  std::int32_t together = most;
  while (shape.output.w % together != 0) --together;
  return together;
}

/// Some of a window's elements that lie side by side: what one multiply-add sums.
struct WindowStep {
  std::int32_t offset;   ///< from the window's start in the input
  std::int32_t element;  ///< of the window
  std::int32_t length;
};

std::vector<WindowStep> steps_of(const kernel::Window& window, const Layout& input,
                                 std::int32_t group) {
  std::vector<WindowStep> steps;
  const std::int32_t c = input.shape.c;
  const bool whole_lines = window.dilation_w == 1;
  const std::int32_t columns = whole_lines ? 1 : window.w;
  const std::int32_t length = whole_lines ? window.w * c : c;
  for (std::int32_t y = 0; y < window.h; ++y) {
    for (std::int32_t x = 0; x < columns; ++x) {
      const std::int32_t begin = y * window.dilation_h * input.line() + x * window.dilation_w * c;
      for (std::int32_t i = 0; i < length; i += group) {
        steps.push_back({begin + i, (y * window.w + x) * c + i, std::min(group, length - i)});
      }
    }
  }
  return steps;
}

}  // namespace

std::optional<PackedConvolution> pack_convolution(const Kernels& kernels,
                                                  const kernel::ConvShape& shape,
                                                  const kernel::Requantize& quantized,
                                                  const std::int8_t* filter,
                                                  const std::int32_t* bias, const Layout& input,
                                                  const Layout& output) {
  const auto& window = shape.window;
  const std::int32_t depth = shape.input.c;
  const std::int32_t channels = shape.output.c;
  const bool depthwise = depth == 1 && shape.depth_multiplier == channels && channels > 1;
  if (!depthwise && shape.group_channels != depth) return std::nullopt;
  const std::int32_t window_elements = window.h * window.w * depth;
  const auto weight = [&](std::int32_t channel, std::int32_t element) {
    const auto at = depthwise ? static_cast<std::size_t>(element) * channels + channel
                              : static_cast<std::size_t>(channel) * window_elements + element;
    return static_cast<std::int32_t>(filter[at]);
  };

  const std::int32_t block = block_of(kernels);
  const Order order(kernels, channels, true);
  std::vector<Channel> sums(channels);
  for (std::int32_t c = 0; c < channels; ++c) {
    sums[c].bias = bias == nullptr ? 0 : bias[c];
    for (std::int32_t i = 0; i < window_elements; ++i) {
      sums[c].count(weight(c, i), quantized.input_offset);
    }
  }
  settle(sums, quantized);
  PackedConvolution p;
  const auto steps = steps_of(window, input, kernels.group);
  p.weights = Buffer(static_cast<std::size_t>(blocks_of(kernels, channels)) * block * steps.size() *
                     kernels.group * kernels.weight_bytes);
  std::size_t step_begin = 0;  // in weights
  for (std::int32_t begin = 0; begin < channels; begin += block) {
    const std::int32_t end = std::min(begin + block, channels);
    const bool one_vector = end - begin <= kernels.lanes;
    const std::int32_t width = (one_vector ? kernels.lanes : block) * kernels.group;
    for (const auto& step : steps) {
      bool used = false;
      for (std::int32_t c = begin; c < end; ++c) {
        for (std::int32_t i = 0; i < step.length; ++i) {
          const std::int32_t w = sums[c].constant ? 0 : weight(c, step.element + i);
          used = used || w != 0;
          put_weight(p.weights, kernels.weight_bytes,
                     step_begin + (order.place(c) - begin) * kernels.group + i,
                     w * kernels.weight_factor);
        }
      }
      if (!used) continue;
      p.offsets.push_back(step.offset);
      step_begin += width;
    }
    p.step_ends.push_back(static_cast<std::int32_t>(p.offsets.size()));
  }
  auto scaling = pack_scaling(kernels, order, quantized, sums, kernels.weight_factor);
  if (!scaling) return std::nullopt;
  p.scaling = std::move(*scaling);
  pack_rows(window, input, output, 1, p.starts, p.places);
  p.task.weights = p.weights.data();
  p.task.starts = p.starts.data();
  p.task.places = p.places.data();
  p.task.offsets = p.offsets.data();
  p.task.step_ends = p.step_ends.data();
  p.task.channels = channels;
  p.task.scaling = p.scaling.scaling;
  return p;
}

std::optional<PackedDepthwise> pack_depthwise(const Kernels& kernels,
                                              const kernel::ConvShape& shape,
                                              const kernel::Requantize& quantized,
                                              const std::int8_t* filter, const std::int32_t* bias,
                                              const Layout& input, const Layout& output) {
  if (shape.depth_multiplier != 1) return std::nullopt;
  const auto& window = shape.window;
  const std::int32_t block = block_of(kernels);
  const std::int32_t together = pixels_together(shape, block);
  const std::int32_t real_channels = shape.output.c;
  const std::int32_t channels = real_channels * together;
  PackedDepthwise p;
  for (std::int32_t y = 0; y < window.h; ++y) {
    for (std::int32_t x = 0; x < window.w; ++x) {
      p.taps.push_back(y * window.dilation_h * input.line() +
                       x * window.dilation_w * input.shape.c);
    }
  }
  const auto count = static_cast<std::int32_t>(p.taps.size());
  while (static_cast<std::int32_t>(p.taps.size()) % kernels.taps != 0) {
    p.taps.push_back(p.taps.back());  // with weights of 0
  }
  const auto groups = static_cast<std::int32_t>(p.taps.size()) / kernels.taps;
  const Order order(kernels, channels, false);
  p.weights = Buffer(static_cast<std::size_t>(blocks_of(kernels, channels)) * block * groups *
                     kernels.taps * kernels.tap_weight_bytes);
  std::vector<Channel> sums(channels);
  std::vector<kernel::Factor> factors(channels);
  const auto weight = [&](std::int32_t c, std::int32_t tap) {
    return static_cast<std::int32_t>(
        filter[static_cast<std::size_t>(tap) * real_channels + c % real_channels]);
  };
  for (std::int32_t c = 0; c < channels; ++c) {
    sums[c].bias = bias == nullptr ? 0 : bias[c % real_channels];
    factors[c] = quantized.factors[c % real_channels];
    for (std::int32_t t = 0; t < count; ++t) sums[c].count(weight(c, t), quantized.input_offset);
  }
  kernel::Requantize repeated = quantized;
  repeated.factors = factors.data();
  settle(sums, repeated);
  for (std::int32_t c = 0; c < channels; ++c) {
    if (sums[c].constant) continue;
    const std::int32_t begin = c / block * block;
    const std::int32_t lane = order.place(c) - begin;
    for (std::int32_t t = 0; t < count; ++t) {
      const auto at = static_cast<std::size_t>(begin) * groups * kernels.taps +
                      (static_cast<std::size_t>(t / kernels.taps) * block + lane) * kernels.taps +
                      t % kernels.taps;
      put_weight(p.weights, kernels.tap_weight_bytes, at, weight(c, t) * kernels.weight_factor);
    }
  }
  auto scaling = pack_scaling(kernels, order, repeated, sums, kernels.weight_factor);
  if (!scaling) return std::nullopt;
  p.scaling = std::move(*scaling);
  pack_rows(window, input, output, together, p.starts, p.places);
  p.task.weights = p.weights.data();
  p.task.starts = p.starts.data();
  p.task.places = p.places.data();
  p.task.taps = p.taps.data();
  p.task.tap_groups = groups;
  p.task.channels = channels;
  p.task.scaling = p.scaling.scaling;
  return p;
}

}  // namespace aiot::inference::fast
