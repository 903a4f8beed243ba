#include "inference/model/model.hpp"

#include <array>

namespace aiot::inference {

std::string_view name_of(Type type) {
  switch (type) {
    case Type::float32: return "FLOAT32";
    case Type::float16: return "FLOAT16";
    case Type::int32: return "INT32";
    case Type::uint8: return "UINT8";
    case Type::int64: return "INT64";
    case Type::string: return "STRING";
    case Type::boolean: return "BOOL";
    case Type::int16: return "INT16";
    case Type::int8: return "INT8";
    case Type::resource: return "RESOURCE";
    case Type::int4: return "INT4";
  }
  return "of an unknown type";
}

std::size_t size_of(Type type) {
  switch (type) {
    case Type::float32:
    case Type::int32: return 4;
    case Type::float16:
    case Type::int16: return 2;
    case Type::int64: return 8;
    case Type::uint8:
    case Type::int8:
    case Type::boolean: return 1;
    case Type::string:
    case Type::resource:
    case Type::int4: return 0;
  }
  return 0;
}

std::size_t Tensor::elements() const {
  std::size_t product = 1;
  for (const auto extent : shape) product *= static_cast<std::size_t>(extent);
  return product;
}

namespace {

/// BuiltinOperator of the schema, by number, up to where those of another dialect begin.
constexpr std::array<std::string_view, 162> operator_names = {
    "ADD",
    "AVERAGE_POOL_2D",
    "CONCATENATION",
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "DEPTH_TO_SPACE",
    "DEQUANTIZE",
    "EMBEDDING_LOOKUP",
    "FLOOR",
    "FULLY_CONNECTED",
    "HASHTABLE_LOOKUP",
    "L2_NORMALIZATION",
    "L2_POOL_2D",
    "LOCAL_RESPONSE_NORMALIZATION",
    "LOGISTIC",
    "LSH_PROJECTION",
    "LSTM",
    "MAX_POOL_2D",
    "MUL",
    "RELU",
    "RELU_N1_TO_1",
    "RELU6",
    "RESHAPE",
    "RESIZE_BILINEAR",
    "RNN",
    "SOFTMAX",
    "SPACE_TO_DEPTH",
    "SVDF",
    "TANH",
    "CONCAT_EMBEDDINGS",
    "SKIP_GRAM",
    "CALL",
    "CUSTOM",
    "EMBEDDING_LOOKUP_SPARSE",
    "PAD",
    "UNIDIRECTIONAL_SEQUENCE_RNN",
    "GATHER",
    "BATCH_TO_SPACE_ND",
    "SPACE_TO_BATCH_ND",
    "TRANSPOSE",
    "MEAN",
    "SUB",
    "DIV",
    "SQUEEZE",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "STRIDED_SLICE",
    "BIDIRECTIONAL_SEQUENCE_RNN",
    "EXP",
    "TOPK_V2",
    "SPLIT",
    "LOG_SOFTMAX",
    "DELEGATE",
    "BIDIRECTIONAL_SEQUENCE_LSTM",
    "CAST",
    "PRELU",
    "MAXIMUM",
    "ARG_MAX",
    "MINIMUM",
    "LESS",
    "NEG",
    "PADV2",
    "GREATER",
    "GREATER_EQUAL",
    "LESS_EQUAL",
    "SELECT",
    "SLICE",
    "SIN",
    "TRANSPOSE_CONV",
    "SPARSE_TO_DENSE",
    "TILE",
    "EXPAND_DIMS",
    "EQUAL",
    "NOT_EQUAL",
    "LOG",
    "SUM",
    "SQRT",
    "RSQRT",
    "SHAPE",
    "POW",
    "ARG_MIN",
    "FAKE_QUANT",
    "REDUCE_PROD",
    "REDUCE_MAX",
    "PACK",
    "LOGICAL_OR",
    "ONE_HOT",
    "LOGICAL_AND",
    "LOGICAL_NOT",
    "UNPACK",
    "REDUCE_MIN",
    "FLOOR_DIV",
    "REDUCE_ANY",
    "SQUARE",
    "ZEROS_LIKE",
    "FILL",
    "FLOOR_MOD",
    "RANGE",
    "RESIZE_NEAREST_NEIGHBOR",
    "LEAKY_RELU",
    "SQUARED_DIFFERENCE",
    "MIRROR_PAD",
    "ABS",
    "SPLIT_V",
    "UNIQUE",
    "CEIL",
    "REVERSE_V2",
    "ADD_N",
    "GATHER_ND",
    "COS",
    "WHERE",
    "RANK",
    "ELU",
    "REVERSE_SEQUENCE",
    "MATRIX_DIAG",
    "QUANTIZE",
    "MATRIX_SET_DIAG",
    "ROUND",
    "HARD_SWISH",
    "IF",
    "WHILE",
    "NON_MAX_SUPPRESSION_V4",
    "NON_MAX_SUPPRESSION_V5",
    "SCATTER_ND",
    "SELECT_V2",
    "DENSIFY",
    "SEGMENT_SUM",
    "BATCH_MATMUL",
    "PLACEHOLDER_FOR_GREATER_OP_CODES",
    "CUMSUM",
    "CALL_ONCE",
    "BROADCAST_TO",
    "RFFT2D",
    "CONV_3D",
    "IMAG",
    "REAL",
    "COMPLEX_ABS",
    "HASHTABLE",
    "HASHTABLE_FIND",
    "HASHTABLE_IMPORT",
    "HASHTABLE_SIZE",
    "REDUCE_ALL",
    "CONV_3D_TRANSPOSE",
    "VAR_HANDLE",
    "READ_VARIABLE",
    "ASSIGN_VARIABLE",
    "BROADCAST_ARGS",
    "RANDOM_STANDARD_NORMAL",
    "BUCKETIZE",
    "RANDOM_UNIFORM",
    "MULTINOMIAL",
    "GELU",
    "DYNAMIC_UPDATE_SLICE",
    "RELU_0_TO_1",
    "UNSORTED_SEGMENT_PROD",
    "UNSORTED_SEGMENT_MAX",
    "UNSORTED_SEGMENT_SUM",
    "ATAN2",
    "UNSORTED_SEGMENT_MIN",
    "SIGN",
    "BITCAST",
    "BITWISE_XOR",
    "RIGHT_SHIFT",
};

/// Every enumerator of Code.
constexpr Code known_codes[] = {Code::add,
                                Code::average_pool_2d,
                                Code::concatenation,
                                Code::conv_2d,
                                Code::depthwise_conv_2d,
                                Code::dequantize,
                                Code::floor,
                                Code::fully_connected,
                                Code::logistic,
                                Code::max_pool_2d,
                                Code::mul,
                                Code::relu,
                                Code::relu6,
                                Code::reshape,
                                Code::resize_bilinear,
                                Code::softmax,
                                Code::svdf,
                                Code::tanh,
                                Code::pad,
                                Code::gather,
                                Code::transpose,
                                Code::mean,
                                Code::sub,
                                Code::div,
                                Code::squeeze,
                                Code::unidirectional_sequence_lstm,
                                Code::strided_slice,
                                Code::exp,
                                Code::split,
                                Code::log_softmax,
                                Code::cast,
                                Code::prelu,
                                Code::maximum,
                                Code::arg_max,
                                Code::minimum,
                                Code::neg,
                                Code::padv2,
                                Code::sin,
                                Code::transpose_conv,
                                Code::expand_dims,
                                Code::log,
                                Code::sum,
                                Code::sqrt,
                                Code::rsqrt,
                                Code::shape,
                                Code::arg_min,
                                Code::reduce_max,
                                Code::pack,
                                Code::unpack,
                                Code::reduce_min,
                                Code::square,
                                Code::fill,
                                Code::resize_nearest_neighbor,
                                Code::leaky_relu,
                                Code::squared_difference,
                                Code::mirror_pad,
                                Code::abs,
                                Code::split_v,
                                Code::ceil,
                                Code::cos,
                                Code::elu,
                                Code::quantize,
                                Code::round,
                                Code::hard_swish,
                                Code::less,
                                Code::greater,
                                Code::greater_equal,
                                Code::less_equal,
                                Code::equal,
                                Code::not_equal,
                                Code::logical_or,
                                Code::logical_and,
                                Code::logical_not,
                                Code::if_,
                                Code::while_,
                                Code::depth_to_space,
                                Code::space_to_depth,
                                Code::batch_to_space_nd,
                                Code::space_to_batch_nd,
                                Code::slice,
                                Code::zeros_like,
                                Code::reverse_v2,
                                Code::broadcast_to,
                                Code::batch_matmul,
                                Code::call_once,
                                Code::var_handle,
                                Code::read_variable,
                                Code::assign_variable,
                                Code::detection_postprocess,
                                Code::add_n,
                                Code::broadcast_args,
                                Code::cumsum,
                                Code::dynamic_update_slice,
                                Code::embedding_lookup,
                                Code::floor_div,
                                Code::floor_mod,
                                Code::gather_nd,
                                Code::l2_normalization,
                                Code::l2_pool_2d,
                                Code::reduce_all,
                                Code::select_v2};

}  // namespace

std::string name_of(Code code) {
  if (code == Code::detection_postprocess) return "TFLite_Detection_PostProcess";
  const auto number = static_cast<std::int32_t>(code);
  if (number >= 0 && static_cast<std::size_t>(number) < operator_names.size()) {
    return std::string(operator_names[static_cast<std::size_t>(number)]);
  }
  return "operator " + std::to_string(number);
}

bool is_known(Code code) {
  for (const auto one : known_codes) {
    if (one == code) return true;
  }
  return false;
}

}  // namespace aiot::inference
