#include "reference_uint8.hpp"

#include <algorithm>
#include <cmath>

#include "tensorflow/lite/kernels/internal/common.h"
#include "tensorflow/lite/kernels/internal/quantization_util.h"
#include "tensorflow/lite/kernels/internal/reference/add.h"
#include "tensorflow/lite/kernels/internal/reference/conv.h"
#include "tensorflow/lite/kernels/internal/reference/depthwiseconv_uint8.h"
#include "tensorflow/lite/kernels/internal/reference/fully_connected.h"
#include "tensorflow/lite/kernels/internal/reference/mul.h"
#include "tensorflow/lite/kernels/internal/reference/pooling.h"
#include "tensorflow/lite/kernels/internal/reference/softmax.h"
#include "tensorflow/lite/kernels/internal/reference/tanh.h"
#include "tensorflow/lite/kernels/padding.h"

namespace vectors {
namespace {

using namespace aiot::inference;
using tflite::RuntimeShape;

Quantization bytes_scale(OneOperator& op, float least, float most) {
  auto q = op.quantization(least, most);
  q.zero_points[0] += 128;
  return q;
}

RuntimeShape shape_of(const Shape& s) { return RuntimeShape(static_cast<int>(s.size()), s.data()); }

/// The range that a fused activation leaves (kernel_util.cc, CalculateActivationRangeQuantized).
struct Bounds {
  std::int32_t low = 0, high = 255;
};
Bounds bounds(Activation activation, const Quantization& q) {
  const auto quantize = [&](float real) {
    return q.zero_points[0] + static_cast<std::int32_t>(std::round(real / q.scales[0]));
  };
  Bounds b;
  if (activation == Activation::relu || activation == Activation::relu6) {
    b.low = std::max(b.low, quantize(0));
  }
  if (activation == Activation::relu6) b.high = std::min(b.high, quantize(6));
  if (activation == Activation::relu_n1_to_1) {
    b.low = std::max(b.low, quantize(-1));
    b.high = std::min(b.high, quantize(1));
  }
  return b;
}

template <class Params>
void set_bounds(Params& params, const Bounds& b) {
  params.quantized_activation_min = b.low;
  params.quantized_activation_max = b.high;
}

/// The scale of a convolution's results (kernel_util.cc, GetQuantizedConvolutionMultipler).
template <class Params>
void set_products(Params& params, const Quantization& in, const Quantization& weights,
                  const Quantization& out) {
  const double multiplier =
      static_cast<double>(in.scales[0] * weights.scales[0]) / static_cast<double>(out.scales[0]);
  int shift = 0;
  tflite::QuantizeMultiplier(multiplier, &params.output_multiplier, &shift);
  params.output_shift = shift;
  params.input_offset = -in.zero_points[0];
  params.weights_offset = -weights.zero_points[0];
  params.output_offset = out.zero_points[0];
}

struct Made {
  Bytes model;
  std::vector<Bytes> inputs;
  Bytes output;
};

const std::int32_t* int32s(const Bytes& bytes) {
  return reinterpret_cast<const std::int32_t*>(bytes.data());
}

/// CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED; weights have any zero point.
Made sums(Random& r, Code code) {
  OneOperator op(r, code);
  const bool dense = code == Code::fully_connected;
  const bool depthwise = code == Code::depthwise_conv_2d;
  ConvOptions o;
  o.padding = static_cast<Padding>(r.between(0, 1));
  o.activation = static_cast<Activation>(r.between(0, 3));
  o.stride_h = r.between(1, 3);
  o.stride_w = r.between(1, 3);
  const auto h = r.between(3, 9);
  const auto w = r.between(3, 9);
  const auto in_channels = r.between(1, 6);
  o.depth_multiplier = depthwise ? r.between(1, 2) : 1;
  const auto channels = depthwise ? in_channels * o.depth_multiplier : r.between(1, 8);
  const auto filter_h = r.between(1, 3);
  const auto filter_w = r.between(1, 3);
  int out_h = 0;
  int out_w = 0;
  const auto padding = tflite::ComputePaddingHeightWidth(
      o.stride_h, o.stride_w, 1, 1, h, w, filter_h, filter_w,
      o.padding == Padding::same ? kTfLitePaddingSame : kTfLitePaddingValid, &out_h, &out_w);
  const Shape input = dense ? Shape{2, in_channels} : Shape{1, h, w, in_channels};
  const Shape filter = dense       ? Shape{channels, in_channels}
                       : depthwise ? Shape{1, filter_h, filter_w, channels}
                                   : Shape{channels, filter_h, filter_w, in_channels};
  const Shape output = dense ? Shape{2, channels} : Shape{1, out_h, out_w, channels};
  const auto in = bytes_scale(op, 0.001F, 0.1F);
  const auto weights = bytes_scale(op, 0.001F, 0.05F);
  const Quantization bias = {{in.scales[0] * weights.scales[0]}, {0}, 0};
  const auto summed = static_cast<float>(elements(filter)) / static_cast<float>(channels);
  const float spread = bias.scales[0] * 70 * 70 * std::sqrt(summed) / 40;
  const Quantization out = {{spread * (r.chance(75) ? r.scale(0.3F, 2) : r.scale(0.001F, 300))},
                            {op.zero_point() + 128},
                            0};
  Made made;
  const auto data = op.values(Type::uint8, elements(filter));
  auto biases = op.values(Type::int32, static_cast<std::size_t>(channels));
  op.input(Type::uint8, input, in);
  op.constant(Type::uint8, filter, weights, data);
  op.constant(Type::int32, {channels}, bias, biases);
  op.output(Type::uint8, output, out);
  made.inputs = {op.values(Type::uint8, elements(input))};
  made.output.resize(elements(output));
  const auto limits = bounds(o.activation, out);
  const RuntimeShape bias_shape(1, channels);
  if (dense) {
    tflite::FullyConnectedParams p{};
    set_products(p, in, weights, out);
    set_bounds(p, limits);
    tflite::reference_ops::FullyConnected(p, shape_of(input), made.inputs[0].data(),
                                          shape_of(filter), data.data(), bias_shape, int32s(biases),
                                          shape_of(output), made.output.data());
    FullyConnectedOptions options;
    options.activation = o.activation;
    made.model = op.file(options);
    return made;
  }
  const auto set_window = [&](auto& p) {
    set_products(p, in, weights, out);
    set_bounds(p, limits);
    p.stride_height = static_cast<std::int16_t>(o.stride_h);
    p.stride_width = static_cast<std::int16_t>(o.stride_w);
    p.dilation_height_factor = p.dilation_width_factor = 1;
    p.padding_values.height = static_cast<std::int16_t>(padding.height);
    p.padding_values.width = static_cast<std::int16_t>(padding.width);
  };
  if (depthwise) {
    tflite::DepthwiseParams p{};
    set_window(p);
    p.depth_multiplier = static_cast<std::int16_t>(o.depth_multiplier);
    tflite::reference_ops::DepthwiseConv(p, shape_of(input), made.inputs[0].data(),
                                         shape_of(filter), data.data(), bias_shape, int32s(biases),
                                         shape_of(output), made.output.data());
  } else {
    tflite::ConvParams p{};
    set_window(p);
    tflite::reference_ops::Conv(p, shape_of(input), made.inputs[0].data(), shape_of(filter),
                                data.data(), bias_shape, int32s(biases), shape_of(output),
                                made.output.data(), RuntimeShape(), nullptr, nullptr);
  }
  made.model = op.file(o);
  return made;
}

Made pools(Random& r, Code code) {
  OneOperator op(r, code);
  PoolOptions o;
  o.padding = static_cast<Padding>(r.between(0, 1));
  o.activation = static_cast<Activation>(r.between(0, 3));
  o.stride_h = r.between(1, 3);
  o.stride_w = r.between(1, 3);
  o.filter_h = r.between(1, 4);
  o.filter_w = r.between(1, 4);
  const auto h = r.between(4, 9);
  const auto w = r.between(4, 9);
  const auto c = r.between(1, 5);
  int out_h = 0;
  int out_w = 0;
  const auto padding = tflite::ComputePaddingHeightWidth(
      o.stride_h, o.stride_w, 1, 1, h, w, o.filter_h, o.filter_w,
      o.padding == Padding::same ? kTfLitePaddingSame : kTfLitePaddingValid, &out_h, &out_w);
  const auto q = bytes_scale(op, 0.01F, 0.5F);
  const Shape input = {1, h, w, c};
  const Shape output = {1, out_h, out_w, c};
  Made made;
  made.inputs = {op.values(Type::uint8, elements(input))};
  made.output.resize(elements(output));
  tflite::PoolParams p{};
  set_bounds(p, bounds(o.activation, q));
  p.stride_height = o.stride_h;
  p.stride_width = o.stride_w;
  p.filter_height = o.filter_h;
  p.filter_width = o.filter_w;
  p.padding_values.height = static_cast<std::int16_t>(padding.height);
  p.padding_values.width = static_cast<std::int16_t>(padding.width);
  if (code == Code::average_pool_2d) {
    tflite::reference_ops::AveragePool(p, shape_of(input), made.inputs[0].data(), shape_of(output),
                                       made.output.data());
  } else {
    tflite::reference_ops::MaxPool(p, shape_of(input), made.inputs[0].data(), shape_of(output),
                                   made.output.data());
  }
  op.input(Type::uint8, input, q);
  op.output(Type::uint8, output, q);
  made.model = op.file(o);
  return made;
}

Made pairs(Random& r, Code code) {
  OneOperator op(r, code);
  const ArithmeticOptions o{static_cast<Activation>(r.between(0, 3))};
  const Shape shape = {1, r.between(1, 5), r.between(1, 5), r.between(1, 5)};
  auto a = bytes_scale(op, 0.005F, 0.5F);
  auto b = bytes_scale(op, 0.005F, 0.5F);
  for (auto* q : {&a, &b}) q->zero_points[0] = std::min(q->zero_points[0], 254);  // it has no 255
  const double larger = static_cast<double>(std::max(a.scales[0], b.scales[0]));
  const float spread =
      code == Code::mul ? a.scales[0] * b.scales[0] * 64 : static_cast<float>(larger) * 1.5F;
  const Quantization out = {{spread * (r.chance(75) ? r.scale(0.3F, 2) : r.scale(0.01F, 100))},
                            {op.zero_point() + 128},
                            0};
  Made made;
  made.inputs = {op.values(Type::uint8, elements(shape)), op.values(Type::uint8, elements(shape))};
  made.output.resize(elements(shape));
  tflite::ArithmeticParams p{};
  p.input1_offset = -a.zero_points[0];
  p.input2_offset = -b.zero_points[0];
  p.output_offset = out.zero_points[0];
  set_bounds(p, bounds(o.activation, out));
  const auto scale_of = [](const Quantization& q) { return static_cast<double>(q.scales[0]); };
  const auto rs = shape_of(shape);
  if (code == Code::mul) {
    tflite::QuantizeMultiplier(scale_of(a) * scale_of(b) / scale_of(out), &p.output_multiplier,
                               &p.output_shift);
    tflite::reference_ops::Mul(p, rs, made.inputs[0].data(), rs, made.inputs[1].data(), rs,
                               made.output.data());
  } else {
    p.left_shift = 20;
    const double twice = 2 * larger;
    tflite::QuantizeMultiplierSmallerThanOneExp(scale_of(a) / twice, &p.input1_multiplier,
                                                &p.input1_shift);
    tflite::QuantizeMultiplierSmallerThanOneExp(scale_of(b) / twice, &p.input2_multiplier,
                                                &p.input2_shift);
    tflite::QuantizeMultiplierSmallerThanOneExp(twice / ((1 << 20) * scale_of(out)),
                                                &p.output_multiplier, &p.output_shift);
    tflite::reference_ops::Add(p, rs, made.inputs[0].data(), rs, made.inputs[1].data(), rs,
                               made.output.data());
  }
  op.input(Type::uint8, shape, a);
  op.input(Type::uint8, shape, b);
  op.output(Type::uint8, shape, out);
  made.model = op.file(o);
  return made;
}

Made softmax(Random& r) {
  OneOperator op(r, Code::softmax);
  const float beta = r.chance(70) ? 1 : r.scale(0.1F, 4);
  const Shape shape = {r.between(1, 4), r.between(1, 60)};
  const auto in = bytes_scale(op, 0.0005F, 1);
  Made made;
  made.inputs = {op.values(Type::uint8, elements(shape))};
  made.output.resize(elements(shape));
  tflite::SoftmaxParams p{};
  int left_shift = 0;
  tflite::PreprocessSoftmaxScaling(static_cast<double>(beta), static_cast<double>(in.scales[0]), 5,
                                   &p.input_multiplier, &left_shift);
  p.input_left_shift = left_shift;
  p.diff_min = -1 * tflite::CalculateInputRadius(5, left_shift, 31);
  tflite::reference_ops::Softmax(p, shape_of(shape), made.inputs[0].data(), shape_of(shape),
                                 made.output.data());
  op.input(Type::uint8, shape, in);
  op.output(Type::uint8, shape, {{1.0F / 256}, {0}, 0});
  made.model = op.file(SoftmaxOptions{beta});
  return made;
}

Made tanh(Random& r) {
  OneOperator op(r, Code::tanh);
  const Shape shape = {256};
  const auto in = bytes_scale(op, 0.0005F, 1);
  Made made;
  made.inputs.emplace_back(256);
  for (std::size_t i = 0; i < 256; ++i) made.inputs[0][i] = static_cast<std::uint8_t>(i);
  made.output.resize(256);
  tflite::TanhParams p{};
  const double multiplier = static_cast<double>(in.scales[0]) * static_cast<double>(1 << 27);
  const double q = std::frexp(multiplier, &p.input_left_shift);
  p.input_multiplier = static_cast<std::int32_t>(std::round(q * (1LL << 31)));
  p.input_zero_point = in.zero_points[0];
  p.input_range_radius = tflite::CalculateInputRadius(4, p.input_left_shift, 31);
  tflite::reference_ops::Tanh(p, shape_of(shape), made.inputs[0].data(), shape_of(shape),
                              made.output.data());
  op.input(Type::uint8, shape, in);
  op.output(Type::uint8, shape, {{1.0F / 128}, {128}, 0});
  made.model = op.file(NoOptions{});
  return made;
}

Made any(Random& r) {
  switch (r.between(0, 8)) {
    case 0: return sums(r, Code::conv_2d);
    case 1: return sums(r, Code::depthwise_conv_2d);
    case 2: return sums(r, Code::fully_connected);
    case 3: return pools(r, Code::average_pool_2d);
    case 4: return pools(r, Code::max_pool_2d);
    case 5: return pairs(r, Code::add);
    case 6: return pairs(r, Code::mul);
    case 7: return softmax(r);
    default: return tanh(r);
  }
}

void append_sized(Bytes& out, const Bytes& bytes) {
  aiot::append_le32(out, static_cast<std::uint32_t>(bytes.size()));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

Bytes uint8_cases(int cases) {
  Random random(8);
  Bytes out;
  for (int i = 0; i < cases; ++i) {
    const auto made = any(random);
    append_sized(out, made.model);
    for (const auto& input : made.inputs) append_sized(out, input);
    append_sized(out, made.output);
  }
  return out;
}

}  // namespace vectors
