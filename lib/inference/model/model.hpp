#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "aiot/bytes.hpp"

/// The content of a .tflite file (schema.fbs of TensorFlow, file identifier "TFL3"), as plain
/// structs.
namespace aiot::inference {

/// TensorType; the values are the file's.
enum class Type : std::uint8_t {
  float32 = 0,
  float16 = 1,
  int32 = 2,
  uint8 = 3,
  int64 = 4,
  string = 5,
  boolean = 6,
  int16 = 7,
  int8 = 9,
  resource = 13,
  int4 = 17,
};
/// "INT8"
std::string_view name_of(Type type);
/// Bytes of one value; 0 for a type without a fixed size.
std::size_t size_of(Type type);

/// real = scale * (stored - zero_point); one pair for the tensor, or one for each index of `axis`.
struct Quantization {
  std::vector<float> scales;
  std::vector<std::int32_t> zero_points;  ///< as many as scales
  int axis = 0;
};

struct Tensor {
  std::string name;
  Type type = Type::float32;
  std::vector<std::int32_t> shape;  ///< each >= 0; batch, height, width, channels for images
  Quantization quantization;
  ByteSpan data;  ///< of a constant; empty for what is computed. A view of Model::file.
  /// Its operator keeps values in it from one run to the next: index in Model::variables, else -1.
  std::int32_t variable = -1;
  /// It is uint8 in the file: here values and zero points are less by 128, and the type is int8.
  bool was_uint8 = false;

  bool is_constant() const { return !data.empty(); }
  std::size_t elements() const;
  std::size_t bytes() const { return elements() * size_of(type); }
  float scale() const { return quantization.scales.empty() ? 0.0F : quantization.scales[0]; }
  std::int32_t zero_point() const {
    return quantization.zero_points.empty() ? 0 : quantization.zero_points[0];
  }
};

/// BuiltinOperator; the values are the file's.
enum class Code : std::int32_t {
  add = 0,
  average_pool_2d = 1,
  concatenation = 2,
  conv_2d = 3,
  depthwise_conv_2d = 4,
  depth_to_space = 5,
  dequantize = 6,
  embedding_lookup = 7,
  floor = 8,
  fully_connected = 9,
  l2_normalization = 11,
  l2_pool_2d = 12,
  logistic = 14,
  max_pool_2d = 17,
  mul = 18,
  relu = 19,
  relu6 = 21,
  reshape = 22,
  resize_bilinear = 23,
  softmax = 25,
  space_to_depth = 26,
  svdf = 27,
  tanh = 28,
  pad = 34,
  gather = 36,
  batch_to_space_nd = 37,
  space_to_batch_nd = 38,
  transpose = 39,
  mean = 40,
  sub = 41,
  div = 42,
  squeeze = 43,
  unidirectional_sequence_lstm = 44,
  strided_slice = 45,
  exp = 47,
  split = 49,
  log_softmax = 50,
  cast = 53,
  prelu = 54,
  maximum = 55,
  arg_max = 56,
  minimum = 57,
  less = 58,
  neg = 59,
  padv2 = 60,
  greater = 61,
  greater_equal = 62,
  less_equal = 63,
  slice = 65,
  sin = 66,
  transpose_conv = 67,
  expand_dims = 70,
  equal = 71,
  not_equal = 72,
  log = 73,
  sum = 74,
  sqrt = 75,
  rsqrt = 76,
  shape = 77,
  arg_min = 79,
  reduce_max = 82,
  pack = 83,
  logical_or = 84,
  logical_and = 86,
  logical_not = 87,
  unpack = 88,
  reduce_min = 89,
  floor_div = 90,
  square = 92,
  zeros_like = 93,
  fill = 94,
  floor_mod = 95,
  resize_nearest_neighbor = 97,
  leaky_relu = 98,
  squared_difference = 99,
  mirror_pad = 100,
  abs = 101,
  split_v = 102,
  ceil = 104,
  reverse_v2 = 105,
  add_n = 106,
  gather_nd = 107,
  cos = 108,
  elu = 111,
  quantize = 114,
  round = 116,
  hard_swish = 117,
  if_ = 118,
  while_ = 119,
  select_v2 = 123,
  batch_matmul = 126,
  cumsum = 128,
  call_once = 129,
  broadcast_to = 130,
  reduce_all = 140,
  var_handle = 142,
  read_variable = 143,
  assign_variable = 144,
  broadcast_args = 145,
  dynamic_update_slice = 151,
  // Operators that the schema does not have: the file names them.
  detection_postprocess = 1000,
};
/// "CONV_2D"; the schema's name for one that is not above too ("GATHER"), else "operator 200".
std::string name_of(Code code);
/// True for the codes above: what read_model() takes.
bool is_known(Code code);

enum class Padding : std::uint8_t { same = 0, valid = 1 };
enum class Activation : std::uint8_t {
  none = 0,
  relu = 1,
  relu_n1_to_1 = 2,
  relu6 = 3,
  tanh = 4,
  sign_bit = 5
};

// The options of each operator; what the file leaves out has the schema's default.
struct NoOptions {};
/// CONV_2D, DEPTHWISE_CONV_2D (with `depth_multiplier`) and TRANSPOSE_CONV.
struct ConvOptions {
  Padding padding = Padding::same;
  std::int32_t stride_h = 1, stride_w = 1;
  std::int32_t dilation_h = 1, dilation_w = 1;
  std::int32_t depth_multiplier = 1;
  Activation activation = Activation::none;
};
struct PoolOptions {
  Padding padding = Padding::same;
  std::int32_t stride_h = 1, stride_w = 1;
  std::int32_t filter_h = 1, filter_w = 1;
  Activation activation = Activation::none;
};
struct FullyConnectedOptions {
  Activation activation = Activation::none;
  std::int8_t weights_format = 0;  ///< 0: plain
  bool keep_num_dims = false;
};
/// ADD, SUB, MUL, DIV, L2_NORMALIZATION.
struct ArithmeticOptions {
  Activation activation = Activation::none;
};
struct SoftmaxOptions {
  float beta = 0;
};
struct ConcatenationOptions {
  std::int32_t axis = 0;
  Activation activation = Activation::none;
};
/// MEAN, SUM, REDUCE_MAX, REDUCE_MIN and REDUCE_ALL.
struct ReduceOptions {
  bool keep_dims = false;
};
struct ResizeOptions {
  bool align_corners = false;
  bool half_pixel_centers = false;
};
struct StridedSliceOptions {
  std::int32_t begin_mask = 0, end_mask = 0, ellipsis_mask = 0, new_axis_mask = 0,
               shrink_axis_mask = 0;
  bool offset = false;
};
/// SPLIT and SPLIT_V.
struct SplitOptions {
  std::int32_t num_splits = 0;
};
/// PACK and UNPACK.
struct PackOptions {
  std::int32_t values_count = 0;
  std::int32_t axis = 0;
};
/// ARG_MAX and ARG_MIN.
struct ArgOptions {
  Type output_type = Type::float32;
};
struct MirrorPadOptions {
  bool symmetric = false;  ///< the edge itself is repeated too
};
/// SPACE_TO_DEPTH and DEPTH_TO_SPACE.
struct BlockOptions {
  std::int32_t size = 0;
};
struct GatherOptions {
  std::int32_t axis = 0, batch_dims = 0;
};
struct BatchMatMulOptions {
  bool transpose_a = false, transpose_b = false;
};
struct SvdfOptions {
  std::int32_t rank = 0;
  Activation activation = Activation::none;
};
/// UNIDIRECTIONAL_SEQUENCE_LSTM.
struct LstmOptions {
  Activation activation = Activation::none;
  float cell_clip = 0, projection_clip = 0;  ///< 0: none
  bool time_major = false;                   ///< time is the first dimension, not the batch
};
/// TFLite_Detection_PostProcess: its options are a FlexBuffers map.
struct DetectionOptions {
  std::vector<std::uint8_t> map;  ///< as the file has it
  std::int32_t max_detections = 0, classes = 0;
  std::int32_t classes_per_detection = 0;  ///< of the fast way, which goes by each box's best class
  std::int32_t detections_per_class = 100;  ///< of the regular way, class by class
  bool regular = false;
  float score_threshold = 0, overlap_threshold = 0;
  float y_scale = 0, x_scale = 0, h_scale = 0, w_scale = 0;
};
struct CumSumOptions {
  bool exclusive = false;  ///< of the values before, without the one at the place
  bool reverse = false;    ///< from the last value on
};
struct LeakyReluOptions {
  float alpha = 0;
};

struct CallOnceOptions {
  std::int32_t subgraph = 0;
};
struct VarHandleOptions {
  std::string container, name;
};
/// READ_VARIABLE and ASSIGN_VARIABLE: not in the file, found when it is read.
struct VariableOptions {
  std::int32_t variable = -1;  ///< index in Model::variables
};

struct Model;
/// IF (what runs when it is true, and when not) and WHILE (the condition, the body).
struct BranchOptions {
  std::int32_t first = 0, second = 0;                      ///< subgraphs of the file
  std::shared_ptr<const Model> first_graph, second_graph;  ///< they have no file of their own
};

struct Operator {
  Code code{};
  std::vector<std::int32_t> inputs;  ///< indices of Model::tensors; -1: an optional one left out
  std::vector<std::int32_t> outputs;
  std::variant<NoOptions, ConvOptions, PoolOptions, FullyConnectedOptions, ArithmeticOptions,
               SoftmaxOptions, ConcatenationOptions, ReduceOptions, ResizeOptions,
               StridedSliceOptions, SplitOptions, PackOptions, LeakyReluOptions, ArgOptions,
               SvdfOptions, MirrorPadOptions, GatherOptions, BatchMatMulOptions, CallOnceOptions,
               VarHandleOptions, VariableOptions, LstmOptions, BranchOptions, BlockOptions,
               CumSumOptions, DetectionOptions>
      options;
};

/// What a model keeps from one run to the next.
struct Variable {
  std::string name;
  std::size_t bytes = 0;  ///< 0: no operator of the graph assigns it
  ByteSpan initial;       ///< what CALL_ONCE assigns; empty: `fill` in each byte
  std::uint8_t fill = 0;
};

/// The first subgraph of the file. Every index is in range, every operator's inputs are constants,
/// inputs of the model or made by an operator before it, and no tensor is made twice.
struct Model {
  Bytes file;  ///< the whole file: tensors' data points into it, so a Model moves but is not copied
  std::string description;
  std::vector<Tensor> tensors;
  std::vector<Operator> operators;
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> outputs;
  std::vector<Variable> variables;
  std::vector<Bytes> made;  ///< constants that are not in the file; tensors' data points into them

  Model() = default;
  Model(Model&&) = default;
  Model& operator=(Model&&) = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
};

}  // namespace aiot::inference
