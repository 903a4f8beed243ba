#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "inference/fast/buffer.hpp"
#include "inference/fast/layout.hpp"
#include "inference/fast/tasks.hpp"
#include "inference/kernel/conv.hpp"
#include "inference/kernel/fully_connected.hpp"
#include "inference/kernel/pool.hpp"

/// From an operator's parameters to a fast kernel's task: weights in the order in which they are
/// read, offsets, factors in vectors. Each function gives nullopt for what no fast kernel does
/// exactly; the portable kernels do that.
namespace aiot::inference::fast {

/// The vectors of a Scaling.
struct PackedScaling {
  Buffer bias, multiplier, right, left;
  Scaling scaling{};
};

struct PackedConvolution {
  Buffer weights;
  PackedScaling scaling;
  std::vector<std::int32_t> starts, places, offsets, step_ends;
  Convolution task{};  ///< but for `input` and `output`
};

/// Of one group of channels; or depthwise over a single channel, which is the same with another
/// order of the filter. The filter and the bias are read here only. `input` and `output` must have
/// the room that the windows want (widen_for).
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
