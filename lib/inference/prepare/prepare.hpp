#pragma once

#include <array>
#include <vector>

#include "inference/kernel/detection.hpp"
#include "inference/kernel/logic.hpp"
#include "inference/kernel/lstm.hpp"
#include "inference/kernel/position.hpp"
#include "inference/prepare/node.hpp"

/// Each operator ready for its kernel: its shapes checked, its scales turned into integers. Every
/// function gives Errc::bad_model, unsupported_option or too_large for what its kernel does not do.
namespace aiot::inference {

/// CONV_2D or DEPTHWISE_CONV_2D, ready for its kernel.
struct Conv {
  bool depthwise = false;
  kernel::ConvShape shape;
  Type type = Type::int8;           ///< or int16, float32
  Requantization quantized;         ///< when int8 or int16
  kernel::Range<float> range;       ///< when float32
  std::vector<float> real_weights;  ///< when float32 with int8 weights: instead of `filter`
  std::int32_t input = 0, filter = 0, bias = -1, output = 0;  ///< tensors of the model
};
Result<Conv> prepare_conv(const Node& node);

/// FULLY_CONNECTED, ready for its kernel.
struct FullyConnected {
  kernel::MatrixShape shape;
  Type type = Type::int8;           ///< or int16, float32
  Requantization quantized;         ///< when int8 or int16
  kernel::Range<float> range;       ///< when float32
  std::vector<float> real_weights;  ///< when float32 with int8 weights: instead of `weights`
  std::int32_t input = 0, weights = 0, bias = -1, output = 0;  ///< tensors of the model
};
Result<FullyConnected> prepare_fully_connected(const Node& node);

/// TRANSPOSE_CONV, ready for its kernel.
struct TransposeConv {
  kernel::TransposeConvShape shape;
  Type type = Type::int8;                                     ///< or int16, float32
  Requantization quantized;                                   ///< when int8 or int16
  kernel::Range<float> range;                                 ///< when float32
  std::int32_t input = 0, filter = 0, bias = -1, output = 0;  ///< tensors of the model
};
Result<TransposeConv> prepare_transpose_conv(const Node& node);

/// Int8 SVDF, ready for its kernel.
struct Svdf {
  kernel::SvdfShape shape;
  kernel::SvdfInt8 quantized;
  Type state_type = Type::int8;  ///< or int16
  std::size_t state = 0;         ///< index in Model::variables
  std::int32_t input = 0, weights = 0, time_weights = 0, bias = -1,
               output = 0;  ///< tensors of the model
};
Result<Svdf> prepare_svdf(const Node& node);

/// UNIDIRECTIONAL_SEQUENCE_LSTM, ready for its kernel; the gates are input, forget, cell, output.
struct Lstm {
  kernel::LstmShape shape;
  Type type = Type::int8;            ///< or int16, float32
  kernel::LstmQuantized quantized;   ///< when int8 or int16
  float cell_clip = 0;               ///< when float32
  std::size_t hidden = 0, cell = 0;  ///< indices in Model::variables
  std::array<std::int32_t, 4> input_weights{}, recurrent_weights{}, biases{};
  std::int32_t input = 0, output = 0;  ///< tensors of the model, as those of the weights
};
Result<Lstm> prepare_lstm(const Node& node);

/// BATCH_MATMUL, ready for its kernel.
struct BatchMatMul {
  kernel::BatchMatMulShape shape;
  Type type = Type::int8;                 ///< or int16, float32
  kernel::BatchMatMulInt8 quantized;      ///< when int8 or int16
  std::int32_t a = 0, b = 0, output = 0;  ///< tensors of the model
};
Result<BatchMatMul> prepare_batch_matmul(const Node& node);

/// ADD, SUB, MUL, DIV, FLOOR_DIV, FLOOR_MOD, SQUARED_DIFFERENCE or PRELU, ready for its kernel.
struct Arithmetic {
  Code code = Code::add;
  kernel::Broadcast shape;
  bool same_shapes = false;          ///< nothing is repeated: both inputs are as long as the output
  Type type = Type::int8;            ///< or int16, int32 (ADD, SUB, MUL), float32
  kernel::ArithmeticInt8 quantized;  ///< when int8 or int16; when int32 its range
  kernel::Range<float> range;        ///< when float32
  std::int32_t a = 0, b = 0, output = 0;  ///< tensors of the model
};
Result<Arithmetic> prepare_arithmetic(const Node& node);

/// ADD_N, ready for its kernel.
struct AddN {
  Type type = Type::int8;            ///< or float32
  kernel::ArithmeticInt8 quantized;  ///< when int8
  std::size_t count = 0;
  std::vector<std::int32_t> inputs;  ///< tensors of the model
  std::int32_t output = 0;
};
Result<AddN> prepare_add_n(const Node& node);

/// CUMSUM, ready for its kernel.
struct CumSum {
  kernel::ScanShape shape;
  Type type = Type::int8;              ///< or float32
  kernel::ArithmeticInt8 quantized;    ///< when int8
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<CumSum> prepare_cumsum(const Node& node);

/// MAXIMUM or MINIMUM of int8, int16, int32, int64 or float32 values.
struct Extreme {
  bool maximum = false;
  kernel::Broadcast shape;
  Type type = Type::int8;
  std::int32_t a = 0, b = 0, output = 0;  ///< tensors of the model
};
Result<Extreme> prepare_extreme(const Node& node);

/// EQUAL and the other comparisons, LOGICAL_OR and LOGICAL_AND; the result is bool.
struct Compare {
  kernel::Relation relation{};
  kernel::Broadcast shape;
  Type type = Type::int8;                 ///< or float32, int32, int64, bool
  kernel::CompareInt8 quantized;          ///< when int8
  std::int32_t a = 0, b = 0, output = 0;  ///< tensors of the model
};
Result<Compare> prepare_compare(const Node& node);

/// AVERAGE_POOL_2D, MAX_POOL_2D or L2_POOL_2D, ready for its kernel.
struct Pool {
  bool maximum = false;
  bool squares = false;  ///< L2_POOL_2D, of float32 alone
  kernel::PoolShape shape;
  Type type = Type::int8;              ///< or int16, float32
  kernel::Range<std::int32_t> range;   ///< when int8 or int16
  kernel::Range<float> real_range;     ///< when float32
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<Pool> prepare_pool(const Node& node);

/// MEAN, SUM, REDUCE_MAX, REDUCE_MIN or REDUCE_ALL over some dimensions, ready for its kernel.
struct Mean {
  Code code = Code::mean;
  kernel::MeanShape shape;
  Type type = Type::int8;              ///< or int16, float32; bool for REDUCE_ALL
  kernel::MeanInt8 quantized;          ///< when int8 or int16
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<Mean> prepare_mean(const Node& node);

/// ARG_MAX or ARG_MIN along the middle dimension of [outer][extent][inner], ready for its kernel.
struct ArgExtreme {
  bool maximum = false;
  std::size_t outer = 1, inner = 1;
  std::int32_t extent = 1;
  Type type = Type::int8;              ///< or float32
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<ArgExtreme> prepare_arg_extreme(const Node& node);

/// A function of 8-bit values, ready to be looked up: LOGISTIC, TANH, HARD_SWISH, RELU, RELU6 and
/// LEAKY_RELU of int8, QUANTIZE from 8 bits to 8 bits.
struct Lookup {
  std::array<std::uint8_t, 256> table{};  ///< by the input's bits
  std::size_t count = 0;
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
/// For an operator whose input is int8 (or uint8, for QUANTIZE).
Result<Lookup> prepare_lookup(const Node& node);

/// LOGISTIC, TANH, RELU, RELU6 and LEAKY_RELU of int16 values.
struct WideFunction {
  Code code{};
  kernel::SigmoidInt16 sigmoid;  ///< LOGISTIC, TANH
  kernel::RescaleInt8 rescale;   ///< RELU, and RELU6's range
  kernel::LeakyReluInt8 leaky;   ///< LEAKY_RELU
  std::size_t count = 0;
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<WideFunction> prepare_wide_function(const Node& node);

/// The same functions of float32 values.
struct RealFunction {
  kernel::Function function{};
  float alpha = 0;
  std::size_t count = 0;
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<RealFunction> prepare_real_function(const Node& node);

/// SOFTMAX over the last dimension, ready for its kernel.
struct Softmax {
  std::int32_t rows = 1, depth = 1;
  Type type = Type::int8;              ///< or float32
  kernel::SoftmaxInt8 quantized;       ///< when int8
  kernel::SoftmaxInt16 wide;           ///< when int16
  bool to_int16 = false;               ///< when int8
  float beta = 1;                      ///< when float32
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<Softmax> prepare_softmax(const Node& node);

/// L2_NORMALIZATION over the last dimension, ready for its kernel.
struct L2Normalization {
  std::int32_t rows = 1, depth = 1;
  Type type = Type::int8;              ///< or float32
  std::int32_t zero_point = 0;         ///< of the input, when int8
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<L2Normalization> prepare_l2_normalization(const Node& node);

/// LOG_SOFTMAX over the last dimension, ready for its kernel.
struct LogSoftmax {
  std::int32_t rows = 1, depth = 1;
  Type type = Type::int8;              ///< or float32
  kernel::LogSoftmaxInt8 quantized;    ///< when int8
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<LogSoftmax> prepare_log_softmax(const Node& node);

/// QUANTIZE from int8 or int16 to int8, int16 or int32, but for 8 bits to 8 bits.
struct IntegerQuantize {
  Type from{}, to{};
  std::int32_t input_zero_point = 0, output_zero_point = 0;
  kernel::Factor factor;
  std::size_t count = 0;
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<IntegerQuantize> prepare_integer_quantize(const Node& node);

/// QUANTIZE from float32 to int8 or int16, or DEQUANTIZE from int8, int16 or uint8 to float32.
struct Quantize {
  Type from = Type::float32, to = Type::float32;
  float scale = 1;
  std::int32_t zero_point = 0;
  std::size_t count = 0;
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<Quantize> prepare_quantize(const Node& node);

/// An operator whose output has its input's bytes in another shape: RESHAPE, SQUEEZE, EXPAND_DIMS.
/// The output's shape is the file's; inputs that repeat it are not read.
struct Copy {
  std::size_t bytes = 0;
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<Copy> prepare_copy(const Node& node);

/// Errc::unsupported_option unless values of the type have a fixed size.
Result<void> expect_movable(const Node& node, const Tensor& tensor, const std::string& name);

/// An operator that only moves values: some blocks, perhaps after the output was filled with one
/// value. Of any type with a fixed size.
struct Moves {
  struct Block {
    kernel::Move move;
    std::int32_t input = 0, output = 0;  ///< tensors of the model
  };
  std::vector<Block> blocks;
  /// PAD and PADV2: what lies around the input; empty for the others.
  std::vector<std::uint8_t> fill;
  std::size_t fill_bytes = 0;
};

Result<Moves> prepare_transpose(const Node& node);
Result<Moves> prepare_strided_slice(const Node& node);
Result<Moves> prepare_pad(const Node& node);
Result<Moves> prepare_mirror_pad(const Node& node);
Result<Moves> prepare_concatenation(const Node& node);
Result<Moves> prepare_pack(const Node& node);
Result<Moves> prepare_unpack(const Node& node);
Result<Moves> prepare_split(const Node& node);
Result<Moves> prepare_split_v(const Node& node);
Result<Moves> prepare_slice(const Node& node);
/// SPACE_TO_DEPTH and DEPTH_TO_SPACE.
Result<Moves> prepare_space_and_depth(const Node& node);
/// What lies around is the output's zero point, as in TensorFlow Lite (the micro reference leaves
/// it to what was in memory).
Result<Moves> prepare_space_to_batch(const Node& node);
Result<Moves> prepare_batch_to_space(const Node& node);
Result<Moves> prepare_broadcast_to(const Node& node);
Result<Moves> prepare_reverse(const Node& node);
Result<Moves> prepare_zeros_like(const Node& node);

/// Bytes between neighbours in each dimension of a dense tensor.
std::vector<std::ptrdiff_t> dense_steps(const Tensor& tensor);

/// GATHER of values of any type with a fixed size.
struct Gather {
  kernel::GatherShape shape;
  std::int32_t input = 0, positions = 0, output = 0;  ///< tensors of the model
};
Result<Gather> prepare_gather(const Node& node);

/// GATHER_ND of values of any type with a fixed size, or EMBEDDING_LOOKUP.
struct GatherNd {
  kernel::GatherNdShape shape;
  bool to_real = false;                               ///< EMBEDDING_LOOKUP from int8 to float32
  float scale = 1;                                    ///< when `to_real`
  std::int32_t input = 0, positions = 0, output = 0;  ///< tensors of the model
};
Result<GatherNd> prepare_gather_nd(const Node& node);
Result<GatherNd> prepare_embedding_lookup(const Node& node);

/// DYNAMIC_UPDATE_SLICE: a copy of the input in which a block is replaced.
struct UpdateSlice {
  kernel::Move move;  ///< of the update, to the beginning of the output
  kernel::UpdatePlace place;
  std::size_t bytes = 0;
  bool wide = false;                                              ///< the positions are int64
  std::int32_t input = 0, update = 0, positions = 0, output = 0;  ///< tensors of the model
};
Result<UpdateSlice> prepare_update_slice(const Node& node);

/// SELECT_V2 of values of any type with a fixed size.
struct Select {
  kernel::SelectShape shape;
  std::size_t unit_bytes = 1;
  std::int32_t condition = 0, a = 0, b = 0, output = 0;  ///< tensors of the model
};
Result<Select> prepare_select(const Node& node);

/// TFLite_Detection_PostProcess of float32, with one class for each detection.
struct Detection {
  kernel::DetectionShape shape;
  std::int32_t boxes = 0, scores = 0, anchors = 0;  ///< tensors of the model, as the outputs
  std::int32_t found_boxes = 0, found_classes = 0, found_scores = 0, count = 0;
};
Result<Detection> prepare_detection(const Node& node);

/// BROADCAST_ARGS: the shape that two shapes make together.
struct BroadcastArgs {
  std::size_t count_a = 0, count_b = 0;
  bool wide = false;                      ///< int64
  std::int32_t a = 0, b = 0, output = 0;  ///< tensors of the model
};
Result<BroadcastArgs> prepare_broadcast_args(const Node& node);

/// FILL with the one value of an input.
struct Fill {
  std::size_t unit_bytes = 1, bytes = 0;
  std::int32_t value = 0, output = 0;  ///< tensors of the model
};
Result<Fill> prepare_fill(const Node& node);

/// CAST between int8, int16, int32 and float32, or from bool.
struct Cast {
  Type from{}, to{};
  std::size_t count = 0;
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<Cast> prepare_cast(const Node& node);

/// RESIZE_BILINEAR or RESIZE_NEAREST_NEIGHBOR, ready for its kernel.
struct Resize {
  bool bilinear = false;
  kernel::ResizeShape shape;
  Type type = Type::int8;              ///< or float32
  std::int32_t input = 0, output = 0;  ///< tensors of the model
};
Result<Resize> prepare_resize(const Node& node);

/// READ_VARIABLE or ASSIGN_VARIABLE: bytes that are kept between runs.
struct VariableAccess {
  std::size_t variable = 0;  ///< index in Model::variables
  std::size_t bytes = 0;
  std::int32_t tensor = 0;  ///< of the model: what is read into or assigned from
};
Result<VariableAccess> prepare_variable(const Node& node);

/// SHAPE: the input's extents, which are in the file.
struct ShapeOf {
  std::vector<std::int32_t> extents;
  std::int32_t output = 0;  ///< tensor of the model
};
Result<ShapeOf> prepare_shape(const Node& node);

}  // namespace aiot::inference
