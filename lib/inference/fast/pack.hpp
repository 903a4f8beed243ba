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

/// Of Kernels, or of RealKernels.
template <class K>
std::int32_t block_of(const K& k) {
  return k.lanes * k.vectors;
}
template <class K>
std::int32_t blocks_of(const K& k, std::int32_t channels) {
  return (channels + block_of(k) - 1) / block_of(k);
}

/// Where the window of every `together`th output pixel of a line begins, and where that pixel goes.
void pack_rows(const kernel::Window& window, const Layout& input, const Layout& output,
               std::int32_t together, std::vector<std::int32_t>& starts,
               std::vector<std::int32_t>& places);
/// Elements from a depthwise window's start to each of its taps.
std::vector<std::int32_t> taps_of(const kernel::Window& window, const Layout& input);
/// A depthwise convolution of few channels does neighbouring pixels as if they were channels of
/// one, where its step is one pixel: so many of them.
std::int32_t pixels_together(const kernel::ConvShape& shape, std::int32_t block);

/// Some of a window's elements that lie side by side: what one multiply-add sums.
struct WindowStep {
  std::int32_t offset;   ///< from the window's start in the input
  std::int32_t element;  ///< of the window
  std::int32_t length;
};
std::vector<WindowStep> steps_of(const kernel::Window& window, const Layout& input,
                                 std::int32_t group);

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
  bool apart =
      false;  ///< constant here, for the kernel's 32 bits may not hold its sum: see Singles

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
/// four times the result and divided by four: its weights need not be multiplied. One whose sum may
/// become too large for the vectors' scaling is set apart.
void settle(std::vector<Channel>& channels, const kernel::Requantize& quantized);
bool some_apart(std::span<const Channel> channels);

/// Output channels that are done one by one after the others, as the portable kernel does them: a
/// bias near 2^31, which some converters make of a scale near 0.
struct Singles {
  struct Channel {
    std::int32_t channel;  ///< of the output, as the task counts them
    std::int32_t first;    ///< elements from a window's start to the first that it sees
    std::int32_t bias;     ///< with what zero points add already in it
    kernel::Factor factor;
  };
  std::vector<Channel> channels;
  std::vector<std::int8_t> weights;  ///< [channel][line][element]
  std::vector<std::int32_t> lines;   ///< elements from the first one to each line's
  std::int32_t length = 0;           ///< elements of a line
  kernel::Requantize quantized;      ///< but for the factors
};

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
  Singles singles;
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
  Singles singles;
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

/// The single channels of a part that the kernel has done.
template <class Task>
void do_singles(const Kernels& kernels, const Singles& singles, const Task& task,
                const Part& part) {
  const auto block = block_of(kernels);
  const auto* input = static_cast<const std::byte*>(task.input);
  const auto in_bytes = static_cast<std::ptrdiff_t>(kernels.element_bytes);
  const auto more = more_of(kernels.element, singles.quantized.output_offset);
  auto quantized = singles.quantized;
  const auto* weights = singles.weights.data();
  for (const auto& single : singles.channels) {
    const auto* begin = weights;
    weights += singles.lines.size() * static_cast<std::size_t>(singles.length);
    if (single.channel < part.block_begin * block || single.channel >= part.block_end * block) {
      continue;
    }
    quantized.factors = &single.factor;
    for (std::int32_t row = part.row_begin; row < part.row_end; ++row) {
      auto sum = single.bias;
      const auto* at = begin;
      for (const auto line : singles.lines) {
        const auto* from = input + (task.starts[row] + single.first + line) * in_bytes;
        sum = kernel::wrapping_add(sum, kernels.dot(from, at, singles.length));
        at += singles.length;
      }
      const auto value = quantized.result(sum, 0) + more;
      const auto place = static_cast<std::ptrdiff_t>(task.places[row]) + single.channel;
      if (kernels.element_bytes == 2) {
        static_cast<std::int16_t*>(task.output)[place] = static_cast<std::int16_t>(value);
      } else {
        static_cast<std::uint8_t*>(task.output)[place] = static_cast<std::uint8_t>(value);
      }
    }
  }
}

/// float32: weights that are not finite go to the portable kernel, for padding times them is not 0.
/// `kernels` are Kernels::real.
struct PackedRealConvolution {
  Buffer weights, bias;
  std::vector<std::int32_t> starts, places, offsets, step_ends;
  RealConvolution task{};
};
std::optional<PackedRealConvolution> pack_real_convolution(
    const RealKernels& kernels, const kernel::ConvShape& shape, kernel::Range<float> range,
    const float* filter, const float* bias, const Layout& input, const Layout& output);

struct PackedRealDepthwise {
  Buffer weights, bias;
  std::vector<std::int32_t> starts, places, taps;
  RealDepthwise task{};
};
std::optional<PackedRealDepthwise> pack_real_depthwise(const RealKernels& kernels,
                                                       const kernel::ConvShape& shape,
                                                       kernel::Range<float> range,
                                                       const float* filter, const float* bias,
                                                       const Layout& input, const Layout& output);

/// Where a pool's windows are.
struct PoolWindows {
  std::vector<std::int32_t> starts, places, heights, widths;

  PoolWindows(const kernel::PoolShape& shape, const Layout& input, const Layout& output);
  /// Into a task.
  template <class Task>
  void set(Task& task) const {
    task.starts = starts.data();
    task.places = places.data();
    task.heights = heights.data();
    task.widths = widths.data();
  }
};

struct PackedRealPool {
  PoolWindows windows;
  RealPool task{};
};
PackedRealPool pack_real_pool(const kernel::PoolShape& shape, bool maximum,
                              kernel::Range<float> range, const Layout& input,
                              const Layout& output);

struct PackedPool {
  PoolWindows windows;
  Pool task{};
};
PackedPool pack_pool(const Kernels& kernels, const kernel::PoolShape& shape, bool maximum,
                     kernel::Range<std::int32_t> range, std::int32_t input_zero_point,
                     std::int32_t output_zero_point, const Layout& input, const Layout& output);

struct PackedAddition {
  PackedScaling left, right, both;
  std::vector<std::int32_t> left_starts, right_starts, places;
  Buffer constant;            ///< the right tensor's elements where it is one
  std::int32_t repeated = 0;  ///< values of a right tensor that repeat: `constant` is their line
  std::int32_t right_zero_point = 0;
  Addition task{};
};
/// What ADD of equal shapes does with its values: the two inputs are brought to one scale; MUL has
/// the output's factor only, MAXIMUM and MINIMUM have one scale and zero point.
struct AdditionFactors {
  Pairing pairing = Pairing::sum;
  kernel::Factor left, right, output;
  std::int32_t left_zero_point = 0, right_zero_point = 0, output_zero_point = 0;
  kernel::Range<std::int32_t> range{-128, 127};
};
/// `right_values`: of a right tensor that is constant and dense, null for others. `repeated`:
/// values of a right tensor that repeat along each line, 0 when it has the output's shape.
std::optional<PackedAddition> pack_addition(const Kernels& kernels, const AdditionFactors& factors,
                                            const Layout& left, const Layout& right,
                                            const Layout& output,
                                            const std::int8_t* right_values = nullptr,
                                            std::int32_t repeated = 0);
/// Fills the line of a right tensor that is repeated, from its dense values.
void repeat_right(const Kernels& kernels, PackedAddition& packed, const std::int8_t* values);

}  // namespace aiot::inference::fast
