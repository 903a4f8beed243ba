#include <algorithm>
#include <cmath>

#include "cases.hpp"

namespace vectors {
namespace {

using namespace aiot::inference;

constexpr Quantization none = {};

struct Side {
  std::int32_t image, filter, stride, dilation, steps;
};

/// One side of an image with a window that fits on it.
Side side(Random& r, Padding padding, std::int32_t most_dilation) {
  Side s{};
  s.filter = r.between(1, 4);
  s.stride = r.between(1, 3);
  s.dilation = r.between(1, most_dilation);
  const auto extent = (s.filter - 1) * s.dilation + 1;
  s.image = padding == Padding::valid ? r.between(extent, extent + 5) : r.between(1, 8);
  s.steps = padding == Padding::valid ? (s.image - extent) / s.stride + 1
                                      : (s.image + s.stride - 1) / s.stride;
  return s;
}

Activation activation(Random& r) {
  return static_cast<Activation>(r.chance(50) ? 0 : r.between(0, 3));
}

/// Scales of weights, biases and the output: mostly such that results spread over int8, at times
/// far off, so that they saturate or vanish and the factors shift left or far right.
struct Scales {
  Quantization weights, bias, output;
};
Scales scales(OneOperator& op, float input_scale, std::int32_t channels, std::int32_t summed,
              int axis, bool one_scale, Type type = Type::int8) {
  auto& r = op.random();
  Scales s;
  const auto count = one_scale ? 1 : channels;
  float mean = 0;
  for (std::int32_t i = 0; i < count; ++i) {
    const float scale = r.scale(0.001F, 0.05F);
    mean += scale / static_cast<float>(count);
    s.weights.scales.push_back(scale);
    s.bias.scales.push_back(input_scale * scale);
  }
  s.weights.zero_points.assign(s.weights.scales.size(), 0);
  s.bias.zero_points = s.weights.zero_points;
  s.weights.axis = axis;
  const float spread = input_scale * mean * 70 * std::sqrt(static_cast<float>(summed));
  const float off = r.chance(75) ? r.scale(0.3F, 2) : r.scale(0.00002F, 3000);
  // Of int16 values the reference has no factors of 128 and more.
  const float least = type == Type::int16 ? input_scale * 0.05F / 100 : 0;
  s.output = {{std::max(spread * off, least)}, {op.zero_point()}, 0};
  return s;
}

void add_weights(OneOperator& op, Type type, const Shape& shape, std::int32_t channels,
                 const Scales& s, bool needs_bias = false) {
  auto& r = op.random();
  const auto weight_type = type == Type::int16 ? Type::int8 : type;
  op.constant(weight_type, shape, s.weights, op.values(weight_type, elements(shape)));
  if (needs_bias || type == Type::int16 || r.chance(80)) {
    const auto bias_type =
        type == Type::int8 ? Type::int32 : (type == Type::int16 ? Type::int64 : type);
    op.constant(bias_type, {channels}, type != Type::float32 ? s.bias : none,
                op.values(bias_type, static_cast<std::size_t>(channels)));
  }
}

Bytes conv(Random& r, Type type) {
  OneOperator op(r, Code::conv_2d);
  ConvOptions o;
  o.padding = static_cast<Padding>(r.between(0, 1));
  o.activation = activation(r);
  const auto y = side(r, o.padding, 2);
  const auto x = side(r, o.padding, 2);
  o.stride_h = y.stride;
  o.stride_w = x.stride;
  o.dilation_h = y.dilation;
  o.dilation_w = x.dilation;
  const auto groups = r.chance(20) ? r.between(2, 3) : 1;
  const auto group_channels = r.between(1, 7);
  const auto channels = groups * r.between(1, 5);
  const auto n = r.chance(20) ? 2 : 1;
  const auto q = op.quantization(0.001F, 1);
  op.input(type, {n, y.image, x.image, groups * group_channels}, q);
  const auto s = scales(op, q.scales[0], channels, y.filter * x.filter * group_channels, 0,
                        r.chance(25), type);
  add_weights(op, type, {channels, y.filter, x.filter, group_channels}, channels, s);
  op.output(type, {n, y.steps, x.steps, channels}, s.output);
  return op.file(o);
}

Bytes depthwise_conv(Random& r, Type type) {
  OneOperator op(r, Code::depthwise_conv_2d);
  ConvOptions o;
  o.padding = static_cast<Padding>(r.between(0, 1));
  o.activation = activation(r);
  const auto y = side(r, o.padding, 2);
  const auto x = side(r, o.padding, 2);
  o.stride_h = y.stride;
  o.stride_w = x.stride;
  o.dilation_h = y.dilation;
  o.dilation_w = x.dilation;
  o.depth_multiplier = r.chance(50) ? 1 : r.between(2, 4);
  const auto in_channels = r.between(1, 9);
  const auto channels = in_channels * o.depth_multiplier;
  const auto n = r.chance(20) ? 2 : 1;
  const auto q = op.quantization(0.001F, 1);
  op.input(type, {n, y.image, x.image, in_channels}, q);
  const auto s = scales(op, q.scales[0], channels, y.filter * x.filter, 3, false, type);
  add_weights(op, type, {1, y.filter, x.filter, channels}, channels, s, true);
  op.output(type, {n, y.steps, x.steps, channels}, s.output);
  return op.file(o);
}

Bytes transpose_conv(Random& r, Type type) {
  OneOperator op(r, Code::transpose_conv);
  ConvOptions o;
  o.padding = static_cast<Padding>(r.between(0, 1));
  o.activation = activation(r);
  const auto y = side(r, o.padding, 1);  // of the output, over which the window goes
  const auto x = side(r, o.padding, 1);
  o.stride_h = y.stride;
  o.stride_w = x.stride;
  const auto in_channels = r.between(1, 6);
  const auto channels = r.between(1, 5);
  const auto q = op.quantization(0.001F, 1);
  const auto s =
      scales(op, q.scales[0], channels, y.filter * x.filter * in_channels, 0, r.chance(25), type);
  const Shape filter = {channels, y.filter, x.filter, in_channels};
  op.constant_integers({1, y.image, x.image, channels});
  const auto weight_type = type == Type::int16 ? Type::int8 : type;
  op.constant(weight_type, filter, s.weights, op.values(weight_type, elements(filter)));
  op.input(type, {1, y.steps, x.steps, in_channels}, q);
  if (r.chance(70)) {
    const auto bias_type = type == Type::int8    ? Type::int32
                           : type == Type::int16 ? Type::int64
                                                 : type;
    op.constant(bias_type, {channels}, type != Type::float32 ? s.bias : none,
                op.values(bias_type, static_cast<std::size_t>(channels)));
  }
  op.output(type, {1, y.image, x.image, channels}, s.output);
  return op.file(o);
}

Bytes fully_connected(Random& r, Type type) {
  OneOperator op(r, Code::fully_connected);
  FullyConnectedOptions o;
  o.activation = activation(r);
  const auto rows = r.between(1, 3);
  const auto depth = r.between(1, 40);
  const auto outputs = r.between(1, 12);
  const auto q = op.quantization(0.001F, 1);
  op.input(type, {rows, depth}, q);
  const auto s = scales(op, q.scales[0], outputs, depth, 0, r.chance(60), type);
  add_weights(op, type, {outputs, depth}, outputs, s);
  op.output(type, {rows, outputs}, s.output);
  return op.file(o);
}

Bytes pool(Random& r, Type type, Code code) {
  OneOperator op(r, code);
  PoolOptions o;
  o.padding = static_cast<Padding>(r.between(0, 1));
  o.activation = activation(r);
  const auto y = side(r, o.padding, 1);
  const auto x = side(r, o.padding, 1);
  o.stride_h = y.stride;
  o.stride_w = x.stride;
  o.filter_h = y.filter;
  o.filter_w = x.filter;
  const auto channels = r.between(1, 9);
  const auto n = r.chance(20) ? 2 : 1;
  const auto q = op.quantization(0.01F, 0.5F);
  op.input(type, {n, y.image, x.image, channels}, q);
  op.output(type, {n, y.steps, x.steps, channels}, q);
  return op.file(o);
}
Bytes average_pool(Random& r, Type type) { return pool(r, type, Code::average_pool_2d); }
Bytes max_pool(Random& r, Type type) { return pool(r, type, Code::max_pool_2d); }
Bytes l2_pool(Random& r, Type /*type*/) { return pool(r, Type::float32, Code::l2_pool_2d); }

Bytes reduction(Random& r, Type type, Code code) {
  OneOperator op(r, code);
  ReduceOptions o;
  o.keep_dims = r.chance(50);
  Shape shape;
  for (auto rank = r.between(2, 4); rank > 0; --rank) shape.push_back(r.between(1, 7));
  std::vector<std::int32_t> axes;
  Shape out;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool reduced = r.chance(50) || (axes.empty() && i + 1 == shape.size());
    const auto axis = static_cast<std::int32_t>(i);
    const auto rank = static_cast<std::int32_t>(shape.size());
    if (reduced) axes.push_back(r.chance(30) ? axis - rank : axis);
    if (!reduced || o.keep_dims) out.push_back(reduced ? 1 : shape[i]);
  }
  const auto q = op.quantization(0.001F, 0.5F);
  op.input(type, shape, q);
  op.constant_integers(axes);
  const float scale = q.scales[0] * (r.chance(70) ? r.scale(0.2F, 2) : r.scale(0.0001F, 1000));
  const bool extreme = code == Code::reduce_max || code == Code::reduce_min;
  const bool same = r.chance(20) || extreme;
  op.output(type, out, same ? q : Quantization{{scale}, {op.zero_point()}, 0});
  return op.file(o);
}
Bytes mean(Random& r, Type type) { return reduction(r, type, Code::mean); }
Bytes sum(Random& r, Type type) { return reduction(r, type, Code::sum); }
Bytes reduce_max(Random& r, Type type) { return reduction(r, type, Code::reduce_max); }
Bytes reduce_min(Random& r, Type type) { return reduction(r, type, Code::reduce_min); }
Bytes reduce_all(Random& r, Type /*type*/) { return reduction(r, Type::boolean, Code::reduce_all); }

Bytes batch_matmul(Random& r, Type type) {
  OneOperator op(r, Code::batch_matmul);
  const BatchMatMulOptions o{r.chance(40), r.chance(40)};
  const auto rows = r.between(1, 6);
  const auto depth = r.between(1, 24);
  const auto columns = r.between(1, 6);
  Shape a;
  Shape b;
  Shape out;
  for (auto batches = r.between(0, 3); batches > 0; --batches) {
    const auto extent = r.between(1, 3);
    const auto which = r.between(0, 3);
    a.push_back(which == 0 ? 1 : extent);
    b.push_back(which == 1 ? 1 : extent);
    out.push_back(std::max(a.back(), b.back()));
  }
  if (r.chance(20)) b.clear();
  if (b.empty()) out = a;
  const auto append = [](Shape& shape, std::int32_t first, std::int32_t second, bool swapped) {
    shape.insert(shape.end(), {swapped ? second : first, swapped ? first : second});
  };
  append(a, rows, depth, o.transpose_a);
  append(b, depth, columns, o.transpose_b);
  append(out, rows, columns, false);
  const auto qa = op.quantization(0.005F, 0.5F);
  const auto qb = op.quantization(0.005F, 0.5F);
  op.input(type, a, qa);
  if (r.chance(40)) {
    op.constant(type, b, qb, op.values(type, elements(b)));
  } else {
    op.input(type, b, qb);
  }
  const float sums = qa.scales[0] * qb.scales[0] * (type == Type::int16 ? 16'384 : 64) *
                     std::sqrt(static_cast<float>(depth));
  op.output(
      type, out,
      {{sums * (r.chance(75) ? r.scale(0.3F, 2) : r.scale(0.001F, 100))}, {op.zero_point()}, 0});
  return op.file(o);
}

Bytes svdf(Random& r, Type /*type*/) {
  OneOperator op(r, Code::svdf);
  const auto wide = r.chance(50) ? Type::int16 : Type::int8;
  const auto rank = r.between(1, 2);
  const auto units = r.between(1, 8);
  const auto filters = units * rank;
  const auto inputs = r.between(1, 24);
  const auto memory = r.between(1, 6);
  const auto batches = r.between(1, 2);
  const auto in = op.quantization(0.005F, 0.5F);
  const auto symmetric = [&](float least, float most) {
    return Quantization{{r.scale(least, most)}, {0}, 0};
  };
  const auto weights = symmetric(0.001F, 0.02F);
  const auto by_time = symmetric(0.0001F, 0.0003F);
  const float steps = wide == Type::int16 ? 8'000 : 40;
  const float spread = in.scales[0] * weights.scales[0] * 5'000 *
                       std::sqrt(static_cast<float>(inputs)) * r.scale(0.3F, 3);
  const Quantization state = {{spread / steps}, {wide == Type::int16 ? 0 : op.zero_point()}, 0};
  op.input(Type::int8, {batches, inputs}, in);
  op.constant(Type::int8, {filters, inputs}, weights,
              op.values(Type::int8, elements({filters, inputs})));
  op.constant(wide, {filters, memory}, by_time, op.values(wide, elements({filters, memory})));
  const float sums = state.scales[0] * by_time.scales[0];
  op.constant(Type::int32, {units}, {{sums}, {0}, 0},
              op.values(Type::int32, static_cast<std::size_t>(units)));
  op.state(wide, {batches, filters * memory}, state);
  const float reach = wide == Type::int16 ? 2e6F : 60;
  op.output(Type::int8, {batches, units},
            {{sums * reach * r.scale(0.3F, 3)}, {op.zero_point()}, 0});
  return op.file(SvdfOptions{rank, Activation::relu});
}

Bytes lstm(Random& r, Type type) {
  if (type == Type::int8 && r.chance(40)) type = Type::int16;
  const bool real = type == Type::float32;
  OneOperator op(r, Code::unidirectional_sequence_lstm);
  LstmOptions o{Activation::tanh, 0, 0, r.chance(30)};
  if (r.chance(40)) o.cell_clip = r.scale(0.1F, 4);
  const auto batches = r.between(1, 3);
  const auto steps = r.between(1, 5);
  const auto inputs = r.between(1, 12);
  const auto units = r.between(1, 9);
  const auto symmetric = [&](float least, float most) {
    return Quantization{{r.scale(least, most)}, {0}, 0};
  };
  const auto in = type == Type::int16 ? symmetric(1e-5F, 3e-4F) : op.quantization(0.005F, 0.1F);
  const auto hidden =
      type == Type::int16 ? symmetric(2e-5F, 5e-5F) : op.quantization(0.004F, 0.02F);
  const auto weight = real ? Type::float32 : Type::int8;
  const auto bias = real ? type : type == Type::int16 ? Type::int64 : Type::int32;
  const auto outer = o.time_major ? steps : batches;
  op.input(type, {outer, o.time_major ? batches : steps, inputs}, in);
  for (const auto depth : {inputs, units}) {
    for (int gate = 0; gate < 4; ++gate) {
      op.constant(weight, {units, depth}, symmetric(0.001F, 0.02F),
                  op.values(weight, elements({units, depth})));
    }
  }
  for (int i = 0; i < 3; ++i) op.left_out();
  for (int gate = 0; gate < 4; ++gate) {
    op.constant(bias, {units}, symmetric(0.001F, 0.02F),
                op.values(bias, static_cast<std::size_t>(units)));
  }
  for (int i = 0; i < 2; ++i) op.left_out();
  op.state(type, {batches, units}, hidden);
  const auto power = static_cast<float>(1 << r.between(9, 14));
  op.state(real ? type : Type::int16, {batches, units}, {{1 / power}, {0}, 0});
  for (int i = 0; i < 4; ++i) op.left_out();
  op.output(type, {outer, o.time_major ? batches : steps, units}, hidden);
  return op.file(o);
}

Bytes conv_int16(Random& r, Type /*type*/) { return conv(r, Type::int16); }
Bytes depthwise_conv_int16(Random& r, Type /*type*/) { return depthwise_conv(r, Type::int16); }
Bytes fully_connected_int16(Random& r, Type /*type*/) { return fully_connected(r, Type::int16); }
Bytes average_pool_int16(Random& r, Type /*type*/) { return average_pool(r, Type::int16); }
Bytes transpose_conv_int16(Random& r, Type /*type*/) { return transpose_conv(r, Type::int16); }
Bytes batch_matmul_int16(Random& r, Type /*type*/) { return batch_matmul(r, Type::int16); }
Bytes reduce_int16(Random& r, Type /*type*/) {
  return reduction(r, Type::int16, r.chance(50) ? Code::mean : Code::sum);
}
Bytes max_pool_int16(Random& r, Type /*type*/) { return max_pool(r, Type::int16); }

constexpr Maker makers[] = {{"conv_2d", conv},
                            {"depthwise_conv_2d", depthwise_conv},
                            {"transpose_conv", transpose_conv},
                            {"fully_connected", fully_connected},
                            {"batch_matmul", batch_matmul},
                            {"average_pool_2d", average_pool},
                            {"max_pool_2d", max_pool},
                            {"mean", mean},
                            {"sum", sum},
                            {"reduce_max", reduce_max},
                            {"reduce_min", reduce_min},
                            {"reduce_all", reduce_all, true},
                            {"l2_pool_2d", l2_pool},
                            {"svdf", svdf, true},
                            {"lstm", lstm},
                            {"conv_2d_int16", conv_int16, true},
                            {"depthwise_conv_2d_int16", depthwise_conv_int16, true},
                            {"fully_connected_int16", fully_connected_int16, true},
                            {"average_pool_2d_int16", average_pool_int16, true},
                            {"max_pool_2d_int16", max_pool_int16, true},
                            {"transpose_conv_int16", transpose_conv_int16, true},
                            {"batch_matmul_int16", batch_matmul_int16, true},
                            {"reduce_int16", reduce_int16, true}};

}  // namespace

std::span<const Maker> sum_makers() { return makers; }

}  // namespace vectors
