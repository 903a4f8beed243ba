#include "inference/fast/pack.hpp"

#include <algorithm>

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

bool is_too_large(const Channel& channel) {
  const std::int64_t limit = sum_limit >> std::max(channel.factor.shift, 0);
  return channel.bias + channel.least <= -limit || channel.bias + channel.most >= limit;
}

/// Its results are a quarter of the bias.
Channel constant(std::int64_t bias) {
  Channel channel;
  channel.bias = bias;
  channel.factor = {1 << 30, -1};
  channel.constant = true;
  return channel;
}

/// The channels that were set apart.
/// `first(channel)`: Singles::Channel::first.
template <class Weight, class First>
Singles singles_of(const Kernels& kernels, std::span<const Channel> settled,
                   const kernel::Requantize& quantized, const std::int32_t* bias,
                   std::int32_t real_channels, std::vector<std::int32_t> lines, std::int32_t length,
                   const Weight& weight, const First& first) {
  Singles s;
  if (!some_apart(settled)) return s;
  s.quantized = quantized;
  s.quantized.factors = nullptr;
  const auto elements = static_cast<std::int32_t>(lines.size()) * length;
  s.lines = std::move(lines);
  s.length = length;
  const auto add = quantized.input_offset - more_of(kernels.element, -quantized.input_offset);
  for (std::int32_t c = 0; c < static_cast<std::int32_t>(settled.size()); ++c) {
    if (!settled[c].apart) continue;
    std::int64_t whole = bias == nullptr ? 0 : bias[c % real_channels];
    for (std::int32_t i = 0; i < elements; ++i) {
      const std::int32_t w = weight(c, i);
      s.weights.push_back(static_cast<std::int8_t>(w));
      whole += static_cast<std::int64_t>(add) * w;
    }
    s.channels.push_back({c, first(c), static_cast<std::int32_t>(whole), quantized.factors[c]});
  }
  return s;
}

}  // namespace

void settle(std::vector<Channel>& channels, const kernel::Requantize& quantized) {
  for (std::size_t i = 0; i < channels.size(); ++i) {
    auto& channel = channels[i];
    channel.factor = quantized.factors[i];
    if (const auto result = only_result(channel, quantized, static_cast<std::int32_t>(i))) {
      channel = constant(4 * static_cast<std::int64_t>(*result - quantized.output_offset));
    } else if (is_too_large(channel)) {
      channel = constant(0);
      channel.apart = true;
    }
  }
}

bool some_apart(std::span<const Channel> channels) {
  return std::any_of(channels.begin(), channels.end(), [](const Channel& c) { return c.apart; });
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
    if (is_too_large(channel)) return std::nullopt;
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

namespace {

void put_weight(Buffer& buffer, std::int32_t bytes, std::size_t at, std::int32_t value) {
  if (bytes == 2) {
    buffer.as<std::int16_t>()[at] = static_cast<std::int16_t>(value);
  } else {
    buffer.as<std::int8_t>()[at] = static_cast<std::int8_t>(value);
  }
}

}  // namespace

std::int32_t pixels_together(const kernel::ConvShape& shape, std::int32_t block) {
  const std::int32_t most = block / shape.output.c;
  if (most < 2 || shape.window.stride_w != 1) return 1;
  std::int32_t together = most;
  while (shape.output.w % together != 0) --together;
  return together;
}

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

std::vector<std::int32_t> taps_of(const kernel::Window& window, const Layout& input) {
  std::vector<std::int32_t> taps;
  for (std::int32_t y = 0; y < window.h; ++y) {
    for (std::int32_t x = 0; x < window.w; ++x) {
      taps.push_back(y * window.dilation_h * input.line() + x * window.dilation_w * input.shape.c);
    }
  }
  return taps;
}

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
  auto sums = channels_of(channels, window_elements, bias, quantized.input_offset, weight);
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
  const bool whole_lines = window.dilation_w == 1;
  kernel::Window columns = window;
  if (whole_lines) columns.w = 1;
  p.singles =
      singles_of(kernels, sums, quantized, bias, channels, taps_of(columns, input),
                 whole_lines ? window.w * depth : depth, weight, [](std::int32_t) { return 0; });
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
  p.taps = taps_of(window, input);
  const auto count = static_cast<std::int32_t>(p.taps.size());
  while (static_cast<std::int32_t>(p.taps.size()) % kernels.taps != 0) {
    p.taps.push_back(p.taps.back());  // with weights of 0
  }
  const auto groups = static_cast<std::int32_t>(p.taps.size()) / kernels.taps;
  const Order order(kernels, channels, false);
  p.weights = Buffer(static_cast<std::size_t>(blocks_of(kernels, channels)) * block * groups *
                     kernels.taps * kernels.tap_weight_bytes);
  std::vector<kernel::Factor> factors(channels);
  const auto weight = [&](std::int32_t c, std::int32_t tap) {
    return static_cast<std::int32_t>(
        filter[static_cast<std::size_t>(tap) * real_channels + c % real_channels]);
  };
  auto sums = channels_of(channels, count, nullptr, quantized.input_offset, weight);
  for (std::int32_t c = 0; c < channels; ++c) {
    if (bias != nullptr) sums[c].bias = bias[c % real_channels];
    factors[c] = quantized.factors[c % real_channels];
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
  p.singles = singles_of(kernels, sums, repeated, bias, real_channels, taps_of(window, input), 1,
                         weight, [](std::int32_t c) { return c; });
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

namespace {

/// Four times a sum has to fit in 32 bits.
constexpr std::int64_t fourfold_limit = 1LL << 29;
constexpr std::int32_t positions = 16;  // of a window of 4x4

/// Twice the matrix G of F(2, 3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural
/// Networks", 2015, section 4.1).
constexpr std::int32_t twice_g[4][3] = {{2, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 2}};

bool is_fit(const Kernels& kernels, const kernel::ConvShape& s) {
  const auto& w = s.window;
  const std::int32_t block = block_of(kernels);
  return kernels.winograd != nullptr && w.h == 3 && w.w == 3 && w.stride_h == 1 &&
         w.stride_w == 1 && w.dilation_h == 1 && w.dilation_w == 1 &&
         s.group_channels == s.input.c && s.input.c % block == 0 && s.output.c % block == 0 &&
         s.input.c <= winograd_channels && s.output.h % 2 == 0 && s.output.w % 2 == 0;
}

}  // namespace

std::optional<PackedWinograd> pack_winograd(const Kernels& kernels, const kernel::ConvShape& shape,
                                            const kernel::Requantize& quantized,
                                            const std::int8_t* filter, const std::int32_t* bias,
                                            const Layout& input, const Layout& output) {
  if (!is_fit(kernels, shape)) return std::nullopt;
  const std::int32_t depth = shape.input.c;
  const std::int32_t channels = shape.output.c;
  const std::int32_t block = block_of(kernels);
  const Order order(kernels, channels, false);
  const auto weight = [&](std::int32_t o, std::int32_t tap, std::int32_t c) {
    return static_cast<std::int32_t>(
        filter[(static_cast<std::size_t>(o) * 9 + static_cast<std::size_t>(tap)) * depth + c]);
  };
  auto sums = channels_of(channels, 9 * depth, bias, quantized.input_offset,
                          [&](std::int32_t o, std::int32_t i) {
                            return filter[static_cast<std::size_t>(o) * 9 * depth + i];
                          });
  for (const auto& sum : sums) {
    if (sum.least <= -fourfold_limit || sum.most >= fourfold_limit) return std::nullopt;
  }
  settle(sums, quantized);
  if (some_apart(sums)) return std::nullopt;
  PackedWinograd p;
  auto scaling = pack_scaling(kernels, order, quantized, sums, kernels.weight_factor);
  if (!scaling) return std::nullopt;
  p.scaling = std::move(*scaling);

  p.weights = Buffer(sizeof(std::int16_t) * positions * static_cast<std::size_t>(depth) * channels);
  for (std::int32_t o = 0; o < channels; ++o) {
    if (sums[o].constant) continue;
    const std::int32_t begin = o / block * block;
    const std::int32_t lane = order.place(o) - begin;
    for (std::int32_t c = 0; c < depth; ++c) {
      for (std::int32_t position = 0; position < positions; ++position) {
        const auto* rows = twice_g[position / 4];
        const auto* columns = twice_g[position % 4];
        std::int32_t sum = 0;
        for (std::int32_t tap = 0; tap < 9; ++tap) {
          sum += rows[tap / 3] * columns[tap % 3] * weight(o, tap, c);
        }
        const auto at =
            ((static_cast<std::size_t>(begin / block) * positions + position) * depth + c / 2 * 2) *
                block +
            lane * 2 + c % 2;
        p.weights.as<std::int16_t>()[at] = static_cast<std::int16_t>(sum);
      }
    }
  }
  for (std::int32_t n = 0; n < output.shape.n; ++n) {
    for (std::int32_t y = 0; y < output.shape.h; y += 2) {
      for (std::int32_t x = 0; x < output.shape.w; x += 2) {
        p.starts.push_back(input.at(n, y - shape.window.pad_top, x - shape.window.pad_left));
        p.places.push_back(output.at(n, y, x));
      }
    }
  }
  p.task.weights = p.weights.as<std::int16_t>();
  p.task.starts = p.starts.data();
  p.task.places = p.places.data();
  p.task.input_line = input.line();
  p.task.output_line = output.line();
  p.task.input_channels = depth;
  p.task.channels = channels;
  p.task.scaling = p.scaling.scaling;
  return p;
}

PoolWindows::PoolWindows(const kernel::PoolShape& shape, const Layout& input,
                         const Layout& output) {
  const auto& window = shape.window;
  for (std::int32_t n = 0; n < shape.output.n; ++n) {
    for (std::int32_t y = 0; y < shape.output.h; ++y) {
      for (std::int32_t x = 0; x < shape.output.w; ++x) {
        const std::int32_t top = y * window.stride_h - window.pad_top;
        const std::int32_t left = x * window.stride_w - window.pad_left;
        const std::int32_t first_line = std::max(top, 0);
        const std::int32_t first_column = std::max(left, 0);
        starts.push_back(input.at(n, first_line, first_column));
        places.push_back(output.at(n, y, x));
        heights.push_back(std::min(top + window.h, shape.input.h) - first_line);
        widths.push_back(std::min(left + window.w, shape.input.w) - first_column);
      }
    }
  }
}

PackedPool pack_pool(const Kernels& kernels, const kernel::PoolShape& shape, bool maximum,
                     kernel::Range<std::int32_t> range, std::int32_t input_zero_point,
                     std::int32_t output_zero_point, const Layout& input, const Layout& output) {
  PackedPool p{PoolWindows(shape, input, output), {}};
  p.windows.set(p.task);
  p.task.line_stride = input.line();
  p.task.channels = shape.output.c;
  p.task.maximum = maximum;
  p.task.input_more = more_of(kernels.element, input_zero_point);
  p.task.output_more = more_of(kernels.element, output_zero_point);
  p.task.lowest = range.low;
  p.task.highest = range.high;
  return p;
}

}  // namespace aiot::inference::fast
