#include "inference/model/options.hpp"

#include <string>

namespace aiot::inference {

OptionsKind options_kind(Code code) {
  switch (code) {
    case Code::conv_2d: return OptionsKind::conv_2d;
    case Code::depthwise_conv_2d: return OptionsKind::depthwise_conv_2d;
    case Code::average_pool_2d:
    case Code::max_pool_2d: return OptionsKind::pool_2d;
    case Code::fully_connected: return OptionsKind::fully_connected;
    case Code::softmax: return OptionsKind::softmax;
    case Code::concatenation: return OptionsKind::concatenation;
    case Code::add: return OptionsKind::add;
    case Code::mul: return OptionsKind::mul;
    case Code::sub: return OptionsKind::sub;
    case Code::resize_bilinear: return OptionsKind::resize_bilinear;
    case Code::resize_nearest_neighbor: return OptionsKind::resize_nearest_neighbor;
    case Code::mean: return OptionsKind::reducer;
    case Code::strided_slice: return OptionsKind::strided_slice;
    case Code::split: return OptionsKind::split;
    case Code::transpose_conv: return OptionsKind::transpose_conv;
    case Code::pack: return OptionsKind::pack;
    case Code::leaky_relu: return OptionsKind::leaky_relu;
    default: return OptionsKind::none;
  }
}

namespace {

using flatbuffer::Document;
using flatbuffer::Table;

Padding padding_of(Document& document, const Table& table, int field) {
  const auto value = table.scalar<std::int8_t>(field, 0);
  if (value < 0 || value > 1) document.fail(Errc::bad_model, "padding " + std::to_string(value));
  return static_cast<Padding>(value);
}

Activation activation_of(Document& document, const Table& table, int field) {
  const auto value = table.scalar<std::int8_t>(field, 0);
  if (value < 0 || value > 5) {
    document.fail(Errc::bad_model, "activation function " + std::to_string(value));
  }
  return static_cast<Activation>(value);
}

bool flag(const Table& table, int field) { return table.scalar<std::uint8_t>(field, 0) != 0; }

ConvOptions conv(Document& document, const Table& t) {
  ConvOptions o;
  o.padding = padding_of(document, t, 0);
  o.stride_w = t.scalar<std::int32_t>(1, 0);
  o.stride_h = t.scalar<std::int32_t>(2, 0);
  o.activation = activation_of(document, t, 3);
  o.dilation_w = t.scalar<std::int32_t>(4, 1);
  o.dilation_h = t.scalar<std::int32_t>(5, 1);
  return o;
}

ConvOptions depthwise_conv(Document& document, const Table& t) {
  ConvOptions o;
  o.padding = padding_of(document, t, 0);
  o.stride_w = t.scalar<std::int32_t>(1, 0);
  o.stride_h = t.scalar<std::int32_t>(2, 0);
  o.depth_multiplier = t.scalar<std::int32_t>(3, 0);
  o.activation = activation_of(document, t, 4);
  o.dilation_w = t.scalar<std::int32_t>(5, 1);
  o.dilation_h = t.scalar<std::int32_t>(6, 1);
  return o;
}

ConvOptions transpose_conv(Document& document, const Table& t) {
  ConvOptions o;
  o.padding = padding_of(document, t, 0);
  o.stride_w = t.scalar<std::int32_t>(1, 0);
  o.stride_h = t.scalar<std::int32_t>(2, 0);
  o.activation = activation_of(document, t, 3);
  return o;
}

PoolOptions pool(Document& document, const Table& t) {
  PoolOptions o;
  o.padding = padding_of(document, t, 0);
  o.stride_w = t.scalar<std::int32_t>(1, 0);
  o.stride_h = t.scalar<std::int32_t>(2, 0);
  o.filter_w = t.scalar<std::int32_t>(3, 0);
  o.filter_h = t.scalar<std::int32_t>(4, 0);
  o.activation = activation_of(document, t, 5);
  return o;
}

FullyConnectedOptions fully_connected(Document& document, const Table& t) {
  FullyConnectedOptions o;
  o.activation = activation_of(document, t, 0);
  o.weights_format = t.scalar<std::int8_t>(1, 0);
  o.keep_num_dims = flag(t, 2);
  return o;
}

ConcatenationOptions concatenation(Document& document, const Table& t) {
  ConcatenationOptions o;
  o.axis = t.scalar<std::int32_t>(0, 0);
  o.activation = activation_of(document, t, 1);
  return o;
}

StridedSliceOptions strided_slice(const Table& t) {
  StridedSliceOptions o;
  o.begin_mask = t.scalar<std::int32_t>(0, 0);
  o.end_mask = t.scalar<std::int32_t>(1, 0);
  o.ellipsis_mask = t.scalar<std::int32_t>(2, 0);
  o.new_axis_mask = t.scalar<std::int32_t>(3, 0);
  o.shrink_axis_mask = t.scalar<std::int32_t>(4, 0);
  o.offset = flag(t, 5);
  return o;
}

ResizeOptions resize(const Table& t, int first_field) {
  return {flag(t, first_field), flag(t, first_field + 1)};
}

}  // namespace

decltype(Operator::options) read_options(Document& document, Code code, std::uint8_t kind,
                                         const Table& t) {
  using Kind = OptionsKind;
  const auto wanted = options_kind(code);
  if (wanted == Kind::none) return NoOptions{};
  if (kind != 0 && kind != static_cast<std::uint8_t>(wanted)) {
    document.fail(Errc::bad_model, "options of another operator");
    return NoOptions{};
  }
  switch (wanted) {
    case Kind::conv_2d: return conv(document, t);
    case Kind::depthwise_conv_2d: return depthwise_conv(document, t);
    case Kind::transpose_conv: return transpose_conv(document, t);
    case Kind::pool_2d: return pool(document, t);
    case Kind::fully_connected: return fully_connected(document, t);
    case Kind::softmax: return SoftmaxOptions{t.scalar<float>(0, 0)};
    case Kind::concatenation: return concatenation(document, t);
    case Kind::add:
    case Kind::mul:
    case Kind::sub: return ArithmeticOptions{activation_of(document, t, 0)};
    case Kind::resize_bilinear: return resize(t, 2);  // the first two are of old files
    case Kind::resize_nearest_neighbor: return resize(t, 0);
    case Kind::reducer: return ReduceOptions{flag(t, 0)};
    case Kind::strided_slice: return strided_slice(t);
    case Kind::split: return SplitOptions{t.scalar<std::int32_t>(0, 0)};
    case Kind::pack: return PackOptions{t.scalar<std::int32_t>(0, 0), t.scalar<std::int32_t>(1, 0)};
    case Kind::leaky_relu: return LeakyReluOptions{t.scalar<float>(0, 0)};
    case Kind::none: break;
  }
  return NoOptions{};
}

}  // namespace aiot::inference
