#include "inference/fast/pack.hpp"

#include <algorithm>
#include <cstdlib>
#include <span>

namespace aiot::inference::fast {
namespace {

/// Sums stay below this, so that they can be doubled, and rounded up, in 32 bits.
constexpr std::int64_t sum_limit = 1LL << 30;
/// |value - zero point| of two int8.
constexpr std::int64_t largest_difference = 255;

std::int32_t block_of(const Kernels& k) { return k.lanes * k.vectors; }
std::int32_t blocks_of(const Kernels& k, std::int32_t channels) {
  return (channels + block_of(k) - 1) / block_of(k);
}

/// Where the values of a channel go in the vectors of its block.
class Order {
 public:
  /// `one_vector`: a last block that fits in one vector is kept in its natural order.
  Order(const Kernels& kernels, std::int32_t channels, bool one_vector)
      : kernels_(kernels), channels_(channels), one_vector_(one_vector) {
    places_.resize(block_of(kernels));
    for (std::int32_t i = 0; i < block_of(kernels); ++i) places_[kernels.order[i]] = i;
  }
  std::int32_t place(std::int32_t channel) const {
    const std::int32_t block = block_of(kernels_);
    const std::int32_t begin = channel / block * block;
    if (one_vector_ && channels_ - begin <= kernels_.lanes) return channel;
    return begin + places_[channel - begin];
  }

 private:
  const Kernels& kernels_;
  std::int32_t channels_;
  bool one_vector_;
  std::vector<std::int32_t> places_;
};

/// The sums of one output channel as the portable kernel makes them: what they can be, and what
/// they want for bias.
struct Channel {
  std::int64_t bias = 0;
  std::int64_t weights = 0;          ///< their sum
  std::int64_t least = 0, most = 0;  ///< of the sum without the bias
  kernel::Factor factor;
  bool constant = false;  ///< its weights count as 0

  /// `offset` is added to each value of the input.
  void count(std::int32_t weight, std::int32_t offset) {
    weights += weight;
    const std::int64_t low = static_cast<std::int64_t>(-128 + offset) * weight;
    const std::int64_t high = static_cast<std::int64_t>(127 + offset) * weight;
    least += std::min({low, high, std::int64_t{0}});  // 0: padding
    most += std::max({low, high, std::int64_t{0}});
  }
};

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

/// To be called when all weights are counted. A channel with only one result has it from its bias,
/// four times the result and divided by four: its weights need not be multiplied.
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

/// nullopt when a sum may become too large.
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

/// Where the window of every `together`th output pixel of a line begins, and where that pixel goes.
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
  constexpr std::int64_t largest = largest_difference << to_left;
  static_assert(2 * largest < sum_limit);  // both inputs, scaled by at most 1
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
  p.task.left_scaling = p.left.scaling;
  p.task.right_scaling = p.right.scaling;
  p.task.scaling = p.both.scaling;
  return p;
}

}  // namespace aiot::inference::fast
