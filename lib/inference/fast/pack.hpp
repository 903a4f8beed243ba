#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "inference/fast/memory.hpp"
#include "inference/fast/tasks.hpp"
#include "inference/kernel/kernels.hpp"

/// From an operator's parameters to a fast kernel's task: weights in the order in which they are
/// read, offsets, factors in vectors. Each function gives nullopt for what no fast kernel does
/// exactly; the portable kernels do that.
namespace aiot::inference::fast {

/// How a tensor lies in memory: its pixels in their order, with the padding that its readers need
/// already around it, so that a convolution reads windows without looking where the image ends.
struct Layout {
  kernel::Shape shape;
  std::int32_t top = 0, bottom = 0, left = 0, right = 0;  ///< lines and columns of padding

  bool has_padding() const { return (top | bottom | left | right) != 0; }
  std::int32_t line() const { return (left + shape.w + right) * shape.c; }
  std::int32_t image() const { return (top + shape.h + bottom) * line(); }
  std::size_t elements() const { return static_cast<std::size_t>(shape.n) * image(); }
  /// Elements to a pixel; the padding has negative coordinates.
  std::int32_t at(std::int32_t n, std::int32_t y, std::int32_t x) const {
    return n * image() + (top + y) * line() + (left + x) * shape.c;
  }
  friend bool operator==(const Layout& a, const Layout& b) {
    return a.shape.n == b.shape.n && a.shape.h == b.shape.h && a.shape.w == b.shape.w &&
           a.shape.c == b.shape.c && a.top == b.top && a.bottom == b.bottom && a.left == b.left &&
           a.right == b.right;
  }
};

/// What an element has more than the int8 value it stands for, in a tensor with this zero point.
constexpr std::int32_t more_of(Element element, std::int32_t zero_point) {
  switch (element) {
    case Element::centred: return -zero_point;
    case Element::raised: return 128;
    case Element::plain: break;
  }
  return 0;
}

/// Makes room in `layout` for all that `window` reads of it to make `output`.
inline void widen_for(Layout& layout, const kernel::Window& window, const kernel::Shape& output) {
  const auto most = [](std::int32_t a, std::int32_t b) { return a > b ? a : b; };
  const std::int32_t last_line =
      (output.h - 1) * window.stride_h - window.pad_top + (window.h - 1) * window.dilation_h;
  const std::int32_t last_column =
      (output.w - 1) * window.stride_w - window.pad_left + (window.w - 1) * window.dilation_w;
  layout.top = most(layout.top, window.pad_top);
  layout.left = most(layout.left, window.pad_left);
  layout.bottom = most(layout.bottom, last_line - layout.shape.h + 1);
  layout.right = most(layout.right, last_column - layout.shape.w + 1);
}

inline std::int32_t block_of(const Kernels& k) { return k.lanes * k.vectors; }
inline std::int32_t blocks_of(const Kernels& k, std::int32_t channels) {
  return (channels + block_of(k) - 1) / block_of(k);
}

/// Sums stay below this, so that they can be doubled, and rounded up, in 32 bits.
constexpr std::int64_t sum_limit = 1LL << 30;

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
/// their bias must be.
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

/// The sums of `count` output channels, each of `summed` weights: `weight(channel, i)`. `bias` may
/// be null.
template <class Weight>
std::vector<Channel> channels_of(std::int32_t count, std::int32_t summed, const std::int32_t* bias,
                                 std::int32_t offset, const Weight& weight) {
  std::vector<Channel> channels(count);
  for (std::int32_t c = 0; c < count; ++c) {
    channels[c].bias = bias == nullptr ? 0 : bias[c];
    for (std::int32_t i = 0; i < summed; ++i) channels[c].count(weight(c, i), offset);
  }
  return channels;
}

/// To be called when all weights are counted. A channel with only one result has it from its bias,
/// four times the result and divided by four: its weights need not be multiplied.
void settle(std::vector<Channel>& channels, const kernel::Requantize& quantized);

/// The vectors of a Scaling.
struct PackedScaling {
  Buffer bias, multiplier, right, left;
  Scaling scaling{};
};

/// `factor` is what weights are multiplied by: nullopt when a sum may become too large.
std::optional<PackedScaling> pack_scaling(const Kernels& kernels, const Order& order,
                                          const kernel::Requantize& quantized,
                                          std::span<const Channel> channels, std::int32_t factor);

struct PackedConvolution {
  Buffer weights;
  PackedScaling scaling;
  std::vector<std::int32_t> starts, places, offsets, step_ends;
  Convolution task{};  ///< but for `input` and `output`
};

/// Of one group of channels; or depthwise over a single channel, which is the same with another
/// order of the filter. The filter and the bias are read here only. `input` and `output` must have
/// the room that the windows need (widen_for).
std::optional<PackedConvolution> pack_convolution(
    const Kernels& kernels, const kernel::ConvShape& shape, const kernel::Requantize& quantized,
    const std::int8_t* filter, const std::int32_t* bias, const Layout& input, const Layout& output);

struct PackedWinograd {
  Buffer weights;
  PackedScaling scaling;
  std::vector<std::int32_t> starts, places;
  Winograd task{};
};

/// A convolution of 3x3 with whole blocks of channels and whole tiles, where Kernels::winograd is
/// there for it.
std::optional<PackedWinograd> pack_winograd(const Kernels& kernels, const kernel::ConvShape& shape,
                                            const kernel::Requantize& quantized,
                                            const std::int8_t* filter, const std::int32_t* bias,
                                            const Layout& input, const Layout& output);

struct PackedDepthwise {
  Buffer weights;
  PackedScaling scaling;
  std::vector<std::int32_t> starts, places, taps;
  Depthwise task{};
};

/// With a depth multiplier of 1.
std::optional<PackedDepthwise> pack_depthwise(const Kernels& kernels,
                                              const kernel::ConvShape& shape,
                                              const kernel::Requantize& quantized,
                                              const std::int8_t* filter, const std::int32_t* bias,
                                              const Layout& input, const Layout& output);

struct PackedDense {
  Buffer weights, extra_weights;
  PackedScaling scaling;
  std::vector<std::int32_t> extra_quads, extra_ends;
  Dense task{};
};

/// FULLY_CONNECTED of one row, where Kernels::dense is there for it. Products are added in 16 bits
/// first, a pair of each quad of a group: which fits where neither the positive nor the negative
/// weights among them come to more than 128. Pairs that are too much are taken out of their group
/// and become (parts of) extra quads, which are added one by one. The smaller the weights, the
/// larger the group that costs least; nullopt where so many are too much that a convolution is
/// faster.
std::optional<PackedDense> pack_dense(const Kernels& kernels, const kernel::MatrixShape& shape,
                                      const kernel::Requantize& quantized,
                                      const std::int8_t* weights, const std::int32_t* bias);

struct PackedPool {
  std::vector<std::int32_t> starts, places, heights, widths;
  Pool task{};
};
PackedPool pack_pool(const Kernels& kernels, const kernel::PoolShape& shape,
                     kernel::Range<std::int32_t> range, std::int32_t input_zero_point,
                     std::int32_t output_zero_point, const Layout& input, const Layout& output);

struct PackedAddition {
  PackedScaling left, right, both;
  std::vector<std::int32_t> left_starts, right_starts, places;
  Addition task{};
};
/// What ADD of equal shapes does with its values: the two inputs are brought to one scale.
struct AdditionFactors {
  kernel::Factor left, right, output;
  std::int32_t left_zero_point = 0, right_zero_point = 0, output_zero_point = 0;
  kernel::Range<std::int32_t> range{-128, 127};
};
std::optional<PackedAddition> pack_addition(const Kernels& kernels, const AdditionFactors& factors,
                                            const Layout& left, const Layout& right,
                                            const Layout& output);

}  // namespace aiot::inference::fast
