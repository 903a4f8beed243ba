#pragma once

#include <cstddef>
#include <cstdint>

/// What the fast kernels work on: plain structs, prepared once. The files that include this are
/// compiled for an instruction set of their own, so nothing here has code that a linker could share
/// with files for another one: no function that is not static, nothing of the standard library.
namespace aiot::inference::fast {

/// How one int8 value is kept between operators.
enum class Element : std::uint8_t {
  centred,  ///< int16: the value less its zero point, so that padding is 0
  raised,   ///< uint8: the value plus 128
  plain,    ///< int8: as it is
};

/// From an int32 sum to an Element, per output channel, in the order that lanes have them. Arrays
/// are padded to whole blocks of channels and aligned to 64 bytes.
struct Scaling {
  const std::int32_t* bias;        ///< with what zero points and padding add already in it
  const std::int32_t* multiplier;  ///< of kernel::Factor
  const std::int32_t* right;       ///< 0 to 31
  const std::int32_t* left;        ///< 0 to 30; nullptr: no channel is shifted to the left
  bool some_unshifted;             ///< `right` is 0 somewhere
  bool uniform;                    ///< all channels have the first one's factor
  std::int32_t offset;             ///< added to what was scaled: the zero point as Element sees it
  std::int32_t lowest, highest;    ///< of the Element
};

/// What makes a float32 sum the result. The array is padded to whole blocks of channels.
struct RealScaling {
  const float* bias;
  float lowest, highest;
};

/// CONV_2D and FULLY_CONNECTED: each row (an output pixel) is the sum of the window's elements
/// times packed weights, a group of neighbouring elements at each step. A block of int8 weights
/// leaves out the steps whose weights are all 0: networks that were pruned, or have dead channels,
/// have many.
template <class S>
struct ConvolutionOf {
  const void* input;
  void* output;
  const void* weights;            ///< [step][vector][lane][group], the steps of a block together
  const std::int32_t* starts;     ///< [row] elements from `input` to the window
  const std::int32_t* places;     ///< [row] elements from `output` to the pixel
  const std::int32_t* offsets;    ///< [step] elements from the window's start to the group
  const std::int32_t* step_ends;  ///< [block]
  std::int32_t channels;          ///< of the output
  S scaling;
};
using Convolution = ConvolutionOf<Scaling>;
using RealConvolution = ConvolutionOf<RealScaling>;

/// DEPTHWISE_CONV_2D with one output for each input channel.
template <class S>
struct DepthwiseOf {
  const void* input;
  void* output;
  const void* weights;  ///< [block][tap group][vector][lane][tap]
  const std::int32_t* starts;
  const std::int32_t* places;
  const std::int32_t* taps;  ///< [tap] elements from the window's start; padded to whole groups
  std::int32_t tap_groups;
  std::int32_t channels;
  S scaling;
};
using Depthwise = DepthwiseOf<Scaling>;
using RealDepthwise = DepthwiseOf<RealScaling>;

enum class Pairing : std::uint8_t { sum, difference, product, maximum, minimum };

/// ADD, SUB, MUL, MAXIMUM and MINIMUM, line by line; a right tensor whose lines are all alike has
/// one. The last two compare elements as they are.
struct Addition {
  Pairing pairing;
  const void* left;
  const void* right;
  void* output;
  const std::int32_t* left_starts;               ///< [line]
  const std::int32_t* right_starts;              ///< [line]
  const std::int32_t* places;                    ///< [line]
  std::int32_t length;                           ///< elements of a line
  std::int32_t left_zero, right_zero;            ///< the zero points as the Element sees them
  bool left_is_half, right_is_half;              ///< the factor is 1/2
  Scaling left_scaling, right_scaling, scaling;  ///< one block each, all lanes alike
};

/// AVERAGE_POOL_2D and MAX_POOL_2D.
struct Pool {
  const void* input;
  void* output;
  const std::int32_t* starts;  ///< [row] of the part of the window that is inside the input
  const std::int32_t* places;
  const std::int32_t* heights;  ///< [row] lines of that part
  const std::int32_t* widths;   ///< [row] columns of that part
  std::int32_t line_stride;     ///< elements
  std::int32_t channels;
  bool maximum;
  std::int32_t input_more, output_more;  ///< what an Element has more than its int8 value
  std::int32_t lowest, highest;          ///< of the int8 value
};

/// AVERAGE_POOL_2D and MAX_POOL_2D of float32.
struct RealPool {
  const void* input;
  void* output;
  const std::int32_t* starts;  ///< as in Pool
  const std::int32_t* places;
  const std::int32_t* heights;
  const std::int32_t* widths;
  std::int32_t line_stride;  ///< elements
  std::int32_t channels;
  bool maximum;
  float lowest, highest;
};

/// FULLY_CONNECTED of one row with weights of 8 bits, for instruction sets whose other weights have
/// 16: it is as fast as the weights come from the cache. Its input and output are not elements but
/// int8 as the model has it.
struct Dense {
  const std::int8_t* input;  ///< what is behind its end is read, up to a multiple of 16
  std::int8_t* output;
  const std::int8_t* weights;  ///< [block][quad][vector][lane][4]; 0 behind the input's end
  std::int32_t quads;          ///< a multiple of 4
  std::int32_t group;          ///< quads whose sums are added in 16 bits: 1, 2 or 4
  const std::int8_t* extra_weights;
  const std::int32_t* extra_quads;  ///< quads that are done once more, see pack.hpp
  const std::int32_t* extra_ends;   ///< [block] where its part of the extra quads ends
  std::int32_t channels;
  Scaling scaling;
};

/// CONV_2D of 3x3 with a stride of 1 by Winograd's F(2x2, 3x3): a tile of 2x2 output pixels takes
/// 16 multiplications for each pair of channels, not 36. In integers it is exact: weights are
/// transformed by twice the matrix G in each direction, so that sums come out four times as large.
struct Winograd {
  const void* input;
  void* output;
  const std::int16_t* weights;           ///< [block][position][step of 2 channels][vector][lane][2]
  const std::int32_t* starts;            ///< [tile] elements to its window of 4x4
  const std::int32_t* places;            ///< [tile] elements to its first pixel
  std::int32_t input_line, output_line;  ///< elements from one line to the next
  std::int32_t input_channels;           ///< a multiple of 16, at most winograd_channels
  std::int32_t channels;                 ///< of the output, a multiple of 16
  Scaling scaling;
};
constexpr std::int32_t winograd_channels = 128;

/// A part of a task: what one thread does.
struct Part {
  std::int32_t row_begin, row_end;      ///< rows or lines
  std::int32_t block_begin, block_end;  ///< blocks of output channels
};

/// One instruction set's float32 kernels: elements are values as they are, channels lie in their
/// natural order. Each sum has its products added one by one, in the order of the portable kernels,
/// so that its bits are theirs.
struct RealKernels {
  std::int32_t lanes;    ///< channels of a vector
  std::int32_t vectors;  ///< vectors of a block

  void (*convolution)(const RealConvolution&, const Part&);
  void (*depthwise)(const RealDepthwise&, const Part&);
  void (*pool)(const RealPool&, const Part&);
};

/// One instruction set's kernels on dense values as the model has them. They may read up to 64
/// bytes behind an input's end.
struct ValueKernels {
  /// to[i] = table[from[i]], 256 bytes by the value's bits.
  void (*look_up)(const std::uint8_t* table, const std::uint8_t* from, std::uint8_t* to,
                  std::int32_t count);
  /// As kernel::quantize() and kernel::dequantize().
  void (*quantize)(float scale, std::int32_t zero_point, const float* from, std::int8_t* to,
                   std::int32_t count);
  void (*dequantize)(float scale, std::int32_t zero_point, const std::int8_t* from, float* to,
                     std::int32_t count);
  /// Adds `lines`, `stride` values apart, to `count` sums, which have room for whole vectors.
  void (*add_lines)(const std::int8_t* from, std::int32_t lines, std::ptrdiff_t stride,
                    std::int32_t* sums, std::int32_t count);
  void (*add_real_lines)(const float* from, std::int32_t lines, std::ptrdiff_t stride, float* sums,
                         std::int32_t count);
  /// The sum of `count` products, modulo 2^32. Reads nothing behind the ends.
  std::int32_t (*dot)(const std::int8_t* a, const std::int8_t* b, std::int32_t count);
  /// Four values each by its weight, in 2^20ths, rounded half away from 0.
  void (*mix)(const std::int8_t* const from[4], const std::int32_t weights[4], std::int8_t* to,
              std::int32_t count);
};

/// One instruction set's kernels, and the layout of its data.
struct Kernels {
  Element element;
  std::int32_t element_bytes;
  std::int32_t weight_bytes;   ///< of a convolution's weight: 1 or 2
  std::int32_t weight_factor;  ///< 2: weights and bias are kept doubled
  std::int32_t lanes;          ///< channels of a vector
  std::int32_t vectors;        ///< vectors of a block
  std::int32_t group;          ///< elements that one multiply-add sums
  std::int32_t taps;           ///< taps that one step of a depthwise convolution takes
  std::int32_t tap_weight_bytes;
  /// Which channel of a block the lane `i` of its vectors has. A convolution's last block that fits
  /// in one vector has them in their natural order.
  const std::uint8_t* order;

  void (*convolution)(const Convolution&, const Part&);
  void (*depthwise)(const Depthwise&, const Part&);
  void (*addition)(const Addition&, const Part&);
  void (*pool)(const Pool&, const Part&);
  void (*dense)(const Dense&, const Part&);        ///< nullptr: `convolution` does as well
  void (*winograd)(const Winograd&, const Part&);  ///< nullptr: `convolution` does as well
  /// int8 values to elements and back.
  void (*take)(const std::int8_t* from, void* to, std::int32_t count, std::int32_t zero_point);
  void (*give)(const void* from, std::int8_t* to, std::int32_t count, std::int32_t zero_point);
  /// The sum of products of `count` elements with weights as the model has them, modulo 2^32.
  std::int32_t (*dot)(const void* elements, const std::int8_t* weights, std::int32_t count);
  RealKernels real;
  ValueKernels values;
};

extern const Kernels avx2_kernels;
extern const Kernels avx_vnni_kernels;
extern const Kernels avx512_vnni_kernels;
extern const Kernels neon_kernels;
extern const Kernels neon_dot_kernels;

}  // namespace aiot::inference::fast
