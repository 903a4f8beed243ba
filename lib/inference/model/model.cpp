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
struct CodeName {
  Code code;
  std::string_view name;
};
constexpr std::array<CodeName, 32> code_names = {{
    {Code::add, "ADD"},
    {Code::average_pool_2d, "AVERAGE_POOL_2D"},
    {Code::concatenation, "CONCATENATION"},
    {Code::conv_2d, "CONV_2D"},
    {Code::depthwise_conv_2d, "DEPTHWISE_CONV_2D"},
    {Code::dequantize, "DEQUANTIZE"},
    {Code::fully_connected, "FULLY_CONNECTED"},
    {Code::logistic, "LOGISTIC"},
    {Code::max_pool_2d, "MAX_POOL_2D"},
    {Code::mul, "MUL"},
    {Code::relu, "RELU"},
    {Code::relu6, "RELU6"},
    {Code::reshape, "RESHAPE"},
    {Code::resize_bilinear, "RESIZE_BILINEAR"},
    {Code::softmax, "SOFTMAX"},
    {Code::tanh, "TANH"},
    {Code::pad, "PAD"},
    {Code::transpose, "TRANSPOSE"},
    {Code::mean, "MEAN"},
    {Code::sub, "SUB"},
    {Code::squeeze, "SQUEEZE"},
    {Code::strided_slice, "STRIDED_SLICE"},
    {Code::split, "SPLIT"},
    {Code::padv2, "PADV2"},
    {Code::transpose_conv, "TRANSPOSE_CONV"},
    {Code::expand_dims, "EXPAND_DIMS"},
    {Code::shape, "SHAPE"},
    {Code::pack, "PACK"},
    {Code::resize_nearest_neighbor, "RESIZE_NEAREST_NEIGHBOR"},
    {Code::leaky_relu, "LEAKY_RELU"},
    {Code::quantize, "QUANTIZE"},
    {Code::hard_swish, "HARD_SWISH"},
}};
}  // namespace

std::string name_of(Code code) {
  for (const auto& row : code_names) {
    if (row.code == code) return std::string(row.name);
  }
  return "operator " + std::to_string(static_cast<std::int32_t>(code));
}

bool has_name(Code code) {
  for (const auto& row : code_names) {
    if (row.code == code) return true;
  }
  return false;
}

}  // namespace aiot::inference
