#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "inference/kernel/arithmetic.hpp"
#include "inference/kernel/fixed_point.hpp"
#include "inference/kernel/types.hpp"

/// The operators on plain arrays. Preparation has checked everything: kernels check nothing,
/// allocate nothing and throw nothing, so that this folder also builds for a microcontroller.
namespace aiot::inference::kernel {

// What sums products: conv.cpp.

/// A convolution's shapes. The filter of CONV_2D is [output.c][window.h][window.w][group_channels];
/// that of DEPTHWISE_CONV_2D is [window.h][window.w][output.c].
struct ConvShape {
  Shape input, output;
  Window window;
  std::int32_t group_channels = 1;    ///< input channels that one output channel sees
  std::int32_t depth_multiplier = 1;  ///< output channels for each input channel, when depthwise
};

/// CONV_2D with `input.c / group_channels` groups. `bias` may be null.
void conv_2d(const ConvShape& shape, const Requantize& quantized, const std::int8_t* input,
             const std::int8_t* filter, const std::int32_t* bias, std::int8_t* output);
void conv_2d(const ConvShape& shape, Range<float> range, const float* input, const float* filter,
             const float* bias, float* output);

void conv_2d(const ConvShape& shape, const RequantizeWide& quantized, const std::int16_t* input,
             const std::int8_t* filter, const std::int64_t* bias, std::int16_t* output);

/// DEPTHWISE_CONV_2D. `bias` may be null.
void depthwise_conv_2d(const ConvShape& shape, const Requantize& quantized,
                       const std::int8_t* input, const std::int8_t* filter,
                       const std::int32_t* bias, std::int8_t* output);
void depthwise_conv_2d(const ConvShape& shape, Range<float> range, const float* input,
                       const float* filter, const float* bias, float* output);

void depthwise_conv_2d(const ConvShape& shape, const RequantizeWide& quantized,
                       const std::int16_t* input, const std::int8_t* filter,
                       const std::int64_t* bias, std::int16_t* output);

/// A convolution backwards: `window` goes over the output. The filter is
/// [output.c][window.h][window.w][input.c].
struct TransposeConvShape {
  Shape input, output;
  Window window;  ///< without dilation
};

/// TRANSPOSE_CONV. `bias` may be null.
void transpose_conv(const TransposeConvShape& shape, const Requantize& quantized,
                    const std::int8_t* input, const std::int8_t* filter, const std::int32_t* bias,
                    std::int8_t* output);
void transpose_conv(const TransposeConvShape& shape, const RequantizeWide& quantized,
                    const std::int16_t* input, const std::int8_t* filter, const std::int64_t* bias,
                    std::int16_t* output);
void transpose_conv(const TransposeConvShape& shape, Range<float> range, const float* input,
                    const float* filter, const float* bias, float* output);

/// output[rows][outputs] = input[rows][depth] x weights[outputs][depth], transposed, + bias.
struct MatrixShape {
  std::int32_t rows = 1, depth = 1, outputs = 1;
};

/// FULLY_CONNECTED. `bias` may be null.
void fully_connected(const MatrixShape& shape, const Requantize& quantized,
                     const std::int8_t* input, const std::int8_t* weights, const std::int32_t* bias,
                     std::int8_t* output);
void fully_connected(const MatrixShape& shape, Range<float> range, const float* input,
                     const float* weights, const float* bias, float* output);
void fully_connected(const MatrixShape& shape, const RequantizeWide& quantized,
                     const std::int16_t* input, const std::int8_t* weights,
                     const std::int64_t* bias, std::int16_t* output);

/// SVDF: each filter's sum of the input goes into a memory of its last results; their sum, weighted
/// by time, over the filters of a unit is the output.
struct SvdfShape {
  std::int32_t batches = 1, inputs = 1, filters = 1, rank = 1, memory = 1;
};
/// The state is int8 or int16; the weights of time have its type.
struct SvdfInt8 {
  std::int32_t input_offset = 0;  ///< minus the input's zero point
  std::int32_t state_zero_point = 0, output_zero_point = 0;
  Factor to_state, to_output;
};
void svdf(const SvdfShape& shape, const SvdfInt8& quantized, const std::int8_t* input,
          const std::int8_t* weights, const std::int8_t* time_weights, const std::int32_t* bias,
          std::int8_t* state, std::int8_t* output);
void svdf(const SvdfShape& shape, const SvdfInt8& quantized, const std::int8_t* input,
          const std::int8_t* weights, const std::int16_t* time_weights, const std::int32_t* bias,
          std::int16_t* state, std::int8_t* output);

/// BATCH_MATMUL: for each batch, output[rows][columns] = a[rows][depth] x b[depth][columns], each
/// with its own distances (0 where an input is repeated).
struct BatchMatMulShape {
  static constexpr int rank = 3;
  std::int32_t batch[rank] = {1, 1, 1};
  std::size_t batch_step_a[rank] = {}, batch_step_b[rank] = {};
  std::int32_t rows = 1, depth = 1, columns = 1;
  std::size_t row_step_a = 0, depth_step_a = 0, depth_step_b = 0, column_step_b = 0;
};
/// Int8: of products whose zero points are off.
struct BatchMatMulInt8 {
  std::int32_t offset_a = 0, offset_b = 0;  ///< minus the zero points
  std::int32_t output_offset = 0;
  Factor factor;
};
void batch_matmul(const BatchMatMulShape& shape, const BatchMatMulInt8& quantized,
                  const std::int8_t* a, const std::int8_t* b, std::int8_t* output);
/// Int16: zero points are 0, the factor's shift is at most 7.
void batch_matmul(const BatchMatMulShape& shape, const BatchMatMulInt8& quantized,
                  const std::int16_t* a, const std::int16_t* b, std::int16_t* output);
void batch_matmul(const BatchMatMulShape& shape, const float* a, const float* b, float* output);

// Functions of windows and whole dimensions: pool.cpp.

/// Pooling over `window`; input and output have the same quantisation.
struct PoolShape {
  Shape input, output;
  Window window;
  std::int32_t offset = 0;  ///< of AVERAGE_POOL_2D: averages are of values that are more by it
};

/// AVERAGE_POOL_2D: over the pixels of the window that lie on the image, rounded half away from 0.
void average_pool_2d(const PoolShape& shape, Range<std::int32_t> range, const std::int8_t* input,
                     std::int8_t* output);
void average_pool_2d(const PoolShape& shape, Range<float> range, const float* input, float* output);

void average_pool_2d(const PoolShape& shape, Range<std::int32_t> range, const std::int16_t* input,
                     std::int16_t* output);

/// L2_POOL_2D: the square root of the mean of the squares.
void l2_pool_2d(const PoolShape& shape, Range<float> range, const float* input, float* output);

/// MAX_POOL_2D.
void max_pool_2d(const PoolShape& shape, Range<std::int32_t> range, const std::int8_t* input,
                 std::int8_t* output);
void max_pool_2d(const PoolShape& shape, Range<float> range, const float* input, float* output);
void max_pool_2d(const PoolShape& shape, Range<std::int32_t> range, const std::int16_t* input,
                 std::int16_t* output);

/// Which values are averaged: for each index of the kept dimensions, those of the reduced ones.
struct MeanShape {
  static constexpr int rank = 8;
  std::int32_t kept_extent[rank] = {1, 1, 1, 1, 1, 1, 1, 1};
  std::size_t kept_step[rank] = {};
  std::int32_t reduced_extent[rank] = {1, 1, 1, 1, 1, 1, 1, 1};
  std::size_t reduced_step[rank] = {};
  std::int32_t count = 1;  ///< values of one mean
};

/// Int8 and int16 MEAN and SUM: `factor` has 1 / count in it for a mean.
struct MeanInt8 {
  std::int32_t input_zero_point = 0, output_zero_point = 0;
  Factor factor;
};

/// MEAN.
void mean(const MeanShape& shape, const MeanInt8& quantized, const std::int8_t* input,
          std::int8_t* output);
void mean(const MeanShape& shape, const MeanInt8& quantized, const std::int16_t* input,
          std::int16_t* output);
void mean(const MeanShape& shape, const float* input, float* output);
void sum(const MeanShape& shape, const float* input, float* output);
/// REDUCE_MAX and REDUCE_MIN.
void reduce_extreme(bool maximum, const MeanShape& shape, const std::int8_t* input,
                    std::int8_t* output);
void reduce_extreme(bool maximum, const MeanShape& shape, const float* input, float* output);

/// REDUCE_ALL of truth values, which are bytes.
void reduce_all(const MeanShape& shape, const std::uint8_t* input, std::uint8_t* output);

/// ARG_MAX and ARG_MIN along the middle dimension of [outer][extent][inner]: the first of equals.
template <class T>
void arg_extreme(bool maximum, std::size_t outer, std::int32_t extent, std::size_t inner,
                 const T* input, std::int32_t* output) {
  for (std::size_t o = 0; o < outer; ++o, input += extent * inner) {
    for (std::size_t i = 0; i < inner; ++i) {
      std::int32_t best = 0;
      for (std::int32_t k = 1; k < extent; ++k) {
        const T value = input[k * inner + i];
        const T so_far = input[best * inner + i];
        if (maximum ? value > so_far : value < so_far) best = k;
      }
      *output++ = best;
    }
  }
}

// Functions of one value or one row: activation.cpp.

/// output[i] = table[input[i]] for values of 8 bits, signed ones by their bits.
void look_up(const std::uint8_t* table, std::size_t count, const std::uint8_t* input,
             std::uint8_t* output);

/// LOGISTIC and TANH: the input in Q4, beyond +-`radius` the result is saturated.
struct SigmoidInt8 {
  std::int32_t zero_point = 0;
  std::int32_t radius = 0;
  Factor factor;
};
/// The result's scale is 1/256, its zero point -128.
std::int8_t logistic(const SigmoidInt8& quantized, std::int8_t value);
/// The result's scale is 1/128, its zero point 0.
std::int8_t tanh(const SigmoidInt8& quantized, std::int8_t value);

/// LOGISTIC and TANH of int16: the input in steps of 1/12288, rounded, then between the lines of a
/// table. The result's scale is 1/32768.
struct SigmoidInt16 {
  std::int32_t multiplier = 0;
  int right = 0;  ///< 0 to 31
};
std::int16_t logistic(const SigmoidInt16& quantized, std::int16_t value);
std::int16_t tanh(const SigmoidInt16& quantized, std::int16_t value);

/// HARD_SWISH in 16-bit fixed point: multipliers of Q0 with 15 bits, and powers of two.
struct HardSwishInt8 {
  std::int32_t input_zero_point = 0, output_zero_point = 0;
  std::int16_t output_multiplier = 0;
  std::int32_t output_exponent = 0;  ///< -15 to 0
  std::int16_t relu_multiplier = 0;
  std::int32_t relu_exponent = 0;  ///< -15 to 30
};
std::int8_t hard_swish(const HardSwishInt8& quantized, std::int8_t value);

/// LEAKY_RELU: `positive` for values from 0 on, `negative` below, the latter perhaps turned round.
struct LeakyReluInt8 {
  std::int32_t input_zero_point = 0, output_zero_point = 0;
  Factor positive, negative;
  bool negative_alpha = false;
};
std::int8_t leaky_relu(const LeakyReluInt8& quantized, std::int8_t value);
std::int16_t leaky_relu(const LeakyReluInt8& quantized, std::int16_t value);

/// QUANTIZE from 8 bits to 8 bits and RELU: another scale, clamped.
struct RescaleInt8 {
  std::int32_t input_zero_point = 0, output_zero_point = 0;
  Factor factor;
  Range<std::int32_t> range{-128, 127};
};
std::int32_t rescale(const RescaleInt8& quantized, std::int32_t value);

/// 1 / sqrt(x); what is 0 gives the largest value. Negative values give the least.
struct RsqrtInt8 {
  std::int32_t input_zero_point = 0, output_zero_point = 0;
  Factor factor;
};
std::int8_t rsqrt(const RsqrtInt8& quantized, std::int8_t value);

enum class Function : std::uint8_t {
  relu,
  relu6,
  leaky_relu,
  logistic,
  tanh,
  hard_swish,
  elu,
  abs,
  sin,
  cos,
  log,
  sqrt,
  rsqrt,
  square,
  exp,
  neg,
  floor,
  ceil,
  round
};
/// `alpha` is that of leaky_relu.
void apply(Function function, float alpha, std::size_t count, const float* input, float* output);

/// Int8 softmax: differences to the row's largest, as Q5 by `beta`; what is below
/// `least_difference` counts as 0. The result's scale is 1/256, its zero point -128.
struct SoftmaxInt8 {
  Factor beta;
  std::int32_t least_difference = 0;
};

/// A function of int16 values: 512 steps, linear between them.
struct TableInt16 {
  static constexpr int steps = 512;
  std::int16_t values[steps + 1] = {};

  std::int16_t at(std::int16_t value) const {
    const int index = steps / 2 + (value >> 7);
    const int slope = static_cast<std::int16_t>(values[index + 1] - values[index]);
    return static_cast<std::int16_t>(values[index] + ((slope * (value & 0x7f) + 64) >> 7));
  }
};
/// Int16 softmax: differences to the row's largest by `beta` to 1/65535 of 10, then exp and 1 / (1
/// + x) by tables. The result's scale is 1/32768.
struct SoftmaxInt16 {
  Factor beta;
  TableInt16 exp, one_over_one_plus;
};
void softmax(std::int32_t rows, std::int32_t depth, const SoftmaxInt16& quantized,
             const std::int16_t* input, std::int16_t* output);

/// SOFTMAX over the last dimension of [rows][depth].
void softmax(std::int32_t rows, std::int32_t depth, const SoftmaxInt8& quantized,
             const std::int8_t* input, std::int8_t* output);
void softmax(std::int32_t rows, std::int32_t depth, float beta, const float* input, float* output);
/// The same to int16: the result's scale is 1/65536, its zero point -32768.
void softmax(std::int32_t rows, std::int32_t depth, const SoftmaxInt8& quantized,
             const std::int8_t* input, std::int16_t* output);

/// Int8 LOG_SOFTMAX: beta and the least difference as in SOFTMAX; `reverse` turns a difference in
/// Q5 back into steps of the input. The result's scale is 1/16, its zero point 127.
struct LogSoftmaxInt8 {
  SoftmaxInt8 forward;
  Factor reverse;
};
/// LOG_SOFTMAX over the last dimension of [rows][depth].
void log_softmax(std::int32_t rows, std::int32_t depth, const LogSoftmaxInt8& quantized,
                 const std::int8_t* input, std::int8_t* output);
void log_softmax(std::int32_t rows, std::int32_t depth, const float* input, float* output);

/// L2_NORMALIZATION: each row over its length. Int8: the result's scale is 1/128, its zero point 0.
void l2_normalization(std::int32_t rows, std::int32_t depth, std::int32_t input_zero_point,
                      const std::int8_t* input, std::int8_t* output);
void l2_normalization(std::int32_t rows, std::int32_t depth, const float* input, float* output);

/// QUANTIZE between integers: from int8 or int16 to int8, int16 or int32.
template <class From, class To>
void requantize(std::int32_t input_zero_point, std::int32_t output_zero_point, Factor factor,
                std::size_t count, const From* input, To* output) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto value =
        wrapping_add(multiply(input[i] - input_zero_point, factor), output_zero_point);
    output[i] = static_cast<To>(
        clamp<std::int32_t>(value, std::numeric_limits<To>::min(), std::numeric_limits<To>::max()));
  }
}

/// QUANTIZE: round(x / scale) + zero_point, half away from 0, saturated; what is no number is -128.
void quantize(float scale, std::int32_t zero_point, std::size_t count, const float* input,
              std::int8_t* output);
void quantize(float scale, std::int32_t zero_point, std::size_t count, const float* input,
              std::int16_t* output);

/// DEQUANTIZE: scale * (x - zero_point).
void dequantize(float scale, std::int32_t zero_point, std::size_t count, const std::int8_t* input,
                float* output);
void dequantize(float scale, std::int32_t zero_point, std::size_t count, const std::uint8_t* input,
                float* output);
void dequantize(float scale, std::int32_t zero_point, std::size_t count, const std::int16_t* input,
                float* output);

// Values that move: move.cpp.

/// A block of values from one place to another, each with its own distances: what TRANSPOSE,
/// STRIDED_SLICE, SPLIT, CONCATENATION, PACK and PAD are made of. All in bytes but `extent`.
struct Move {
  static constexpr int rank = 8;
  std::size_t unit_bytes = 1;  ///< copied at once
  std::int32_t extent[rank] = {1, 1, 1, 1, 1, 1, 1, 1};
  std::ptrdiff_t input_step[rank] = {};  ///< may be negative
  std::ptrdiff_t output_step[rank] = {};
  std::size_t input_first = 0, output_first = 0;
};
void move(const Move& shape, const std::uint8_t* input, std::uint8_t* output);
/// The same move with as few dimensions as it needs, and units as large as they can be.
Move simplified(const Move& shape);

/// Fills `bytes` with copies of `value`.
void fill(const std::uint8_t* value, std::size_t value_bytes, std::size_t bytes,
          std::uint8_t* output);

/// GATHER: for each of `outer` and of `count` positions, the run of `run_bytes` at that position of
/// `extent`; positions repeat with each batch. One that is out of range gives zeroes.
struct GatherShape {
  std::size_t batches = 1, outer = 1, count = 1, run_bytes = 1;
  std::int32_t extent = 1;
};
void gather(const GatherShape& shape, const std::uint8_t* input, const std::int32_t* positions,
            std::uint8_t* output);

/// CAST. A float that an int32 does not hold becomes the least, as on x86-64; narrower types have
/// the lower bits.
template <class From, class To>
void cast(std::size_t count, const From* input, To* output) {
  for (std::size_t i = 0; i < count; ++i) {
    if constexpr (std::is_same_v<From, float> && !std::is_same_v<To, float>) {
      const bool fits = input[i] >= -2147483648.0F && input[i] < 2147483648.0F;
      output[i] = static_cast<To>(fits ? static_cast<std::int32_t>(input[i])
                                       : std::numeric_limits<std::int32_t>::min());
    } else {
      output[i] = static_cast<To>(input[i]);
    }
  }
}

/// An image in another size.
struct ResizeShape {
  Shape input, output;  ///< n and c are the same
  bool align_corners = false;
  bool half_pixel_centers = false;
};

/// The two lines (or columns) of the input between which one of the output lies, and how far it is
/// from the first, in fixed point with 10 bits behind the point.
struct FixedBetween {
  std::int32_t first = 0, second = 0, part = 0;
};
FixedBetween line_of(const ResizeShape& shape, std::int32_t y);
FixedBetween column_of(const ResizeShape& shape, std::int32_t x);

/// RESIZE_BILINEAR; int8 in fixed point with 10 bits behind the point.
void resize_bilinear(const ResizeShape& shape, const std::int8_t* input, std::int8_t* output);
void resize_bilinear(const ResizeShape& shape, const float* input, float* output);

/// RESIZE_NEAREST_NEIGHBOR of values of `unit_bytes`.
void resize_nearest_neighbor(const ResizeShape& shape, std::size_t unit_bytes,
                             const std::uint8_t* input, std::uint8_t* output);

}  // namespace aiot::inference::kernel
