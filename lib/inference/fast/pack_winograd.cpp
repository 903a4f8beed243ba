#include "inference/fast/pack.hpp"
#include "inference/fast/pack_common.hpp"

namespace aiot::inference::fast {
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
  std::vector<Channel> sums(channels);
  for (std::int32_t o = 0; o < channels; ++o) {
    sums[o].bias = bias == nullptr ? 0 : bias[o];
    for (std::int32_t tap = 0; tap < 9; ++tap) {
      for (std::int32_t c = 0; c < depth; ++c) {
        sums[o].count(weight(o, tap, c), quantized.input_offset);
      }
    }
    if (sums[o].least <= -fourfold_limit || sums[o].most >= fourfold_limit) return std::nullopt;
  }
  settle(sums, quantized);
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

}  // namespace aiot::inference::fast
