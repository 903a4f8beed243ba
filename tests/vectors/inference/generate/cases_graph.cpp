#include <algorithm>
#include <array>
#include <bit>
#include <deque>
#include <memory>

#include "cases.hpp"
#include "inference/model/file.hpp"

namespace vectors {
namespace {

using namespace aiot::inference;
using Value = std::int32_t;

/// Int8 graphs of blocks as MobileNet v2 and v3, ResNet and small detectors have them: what one
/// operator alone does not show, such as where values lie while others are computed.
class Graph {
 public:
  explicit Graph(Random& random) : r_(random) {}

  Value input(Shape shape) {
    const auto value = tensor(Type::int8, std::move(shape), any_scale(0.01F, 0.1F));
    model_.inputs.push_back(value);
    return value;
  }
  const Shape& shape(Value value) const {
    return model_.tensors[static_cast<std::size_t>(value)].shape;
  }

  Value conv(Value in, std::int32_t channels, std::int32_t filter, std::int32_t stride) {
    return convolve(Code::conv_2d, in, {channels, filter, filter, shape(in)[3]}, channels, stride,
                    filter * filter * shape(in)[3]);
  }
  Value depthwise(Value in, std::int32_t stride) {
    return convolve(Code::depthwise_conv_2d, in, {1, 3, 3, shape(in)[3]}, shape(in)[3], stride, 9);
  }
  Value function(Code code, Value in) {
    auto q = any_scale(0.5F, 1.5F);
    q.scales[0] *= scale(in);
    if (code == Code::logistic) q = {{1.0F / 256}, {-128}, 0};
    return make(code, NoOptions{}, {in}, shape(in), q);
  }
  Value sum(Code code, Value a, Value b) {
    const float size = code == Code::mul ? scale(a) * scale(b) * 90 : std::max(scale(a), scale(b));
    return make(code, ArithmeticOptions{}, {a, b}, shape(a), {{size * 1.4F}, {zero_point()}, 0});
  }
  Value mean(Value in) {
    const auto& s = shape(in);
    return make(Code::mean, ReduceOptions{true}, {in, integers({1, 2})}, {s[0], 1, 1, s[3]},
                {{scale(in) * 0.6F}, {zero_point()}, 0});
  }
  /// Beside each other, both in the first one's scale.
  Value concatenate(Value a, Value b) {
    const Quantization q = model_.tensors[static_cast<std::size_t>(a)].quantization;
    const auto same = make(Code::quantize, NoOptions{}, {b}, shape(b), q);
    auto joined = shape(a);
    joined[3] += shape(b)[3];
    return make(Code::concatenation, ConcatenationOptions{3, Activation::none}, {a, same}, joined,
                q);
  }
  Value upscale(Value in) {
    auto s = shape(in);
    s[1] *= 2;
    s[2] *= 2;
    return make(r_.chance(50) ? Code::resize_nearest_neighbor : Code::resize_bilinear,
                ResizeOptions{false, r_.chance(50)}, {in, integers({s[1], s[2]})}, s,
                quantization(in));
  }
  Value max_pool(Value in) {
    auto s = shape(in);
    s[1] = (s[1] + 1) / 2;
    s[2] = (s[2] + 1) / 2;
    return make(Code::max_pool_2d, PoolOptions{Padding::same, 2, 2, 2, 2, Activation::none}, {in},
                s, quantization(in));
  }
  Value pad(Value in) {
    auto s = shape(in);
    s[1] += 1;
    s[2] += 1;
    const auto paddings = integers({0, 0, 0, 1, 0, 1, 0, 0});
    model_.tensors.back().shape = {4, 2};
    return make(Code::pad, NoOptions{}, {in, paddings}, s, quantization(in));
  }
  Value dense(Value in, std::int32_t outputs) {
    const auto depth = static_cast<std::int32_t>(elements(shape(in)));
    const auto flat =
        make(Code::reshape, NoOptions{}, {in, integers({1, depth})}, {1, depth}, quantization(in));
    Operator op;
    op.code = Code::fully_connected;
    op.options = FullyConnectedOptions{};
    const auto q = add_weights(op, flat, {outputs, depth}, 0, outputs, depth);
    return finish(op, {1, outputs}, q);
  }
  Value softmax(Value in) {
    return make(Code::softmax, SoftmaxOptions{1}, {in}, shape(in), {{1.0F / 256}, {-128}, 0});
  }

  Bytes file(const std::vector<Value>& outputs) {
    model_.outputs = outputs;
    return write_model(model_);
  }

 private:
  std::int32_t zero_point() { return r_.chance(30) ? -128 : r_.between(-60, 60); }
  Quantization any_scale(float least, float most) {
    return {{r_.scale(least, most)}, {zero_point()}, 0};
  }
  Quantization quantization(Value value) const {
    return model_.tensors[static_cast<std::size_t>(value)].quantization;
  }
  float scale(Value value) const { return quantization(value).scales[0]; }

  Value tensor(Type type, Shape shape, Quantization q) {
    Tensor t;
    t.type = type;
    t.shape = std::move(shape);
    t.quantization = std::move(q);
    model_.tensors.push_back(std::move(t));
    return static_cast<Value>(model_.tensors.size() - 1);
  }
  Value constant(Type type, Shape shape, Quantization q, Bytes data) {
    const auto value = tensor(type, std::move(shape), std::move(q));
    model_.tensors.back().data = constants_.emplace_back(std::move(data));
    return value;
  }
  Value integers(const std::vector<std::int32_t>& values) {
    Bytes data;
    for (const auto value : values) aiot::append_le32(data, static_cast<std::uint32_t>(value));
    return constant(Type::int32, {static_cast<std::int32_t>(values.size())}, {}, data);
  }
  Value finish(Operator op, Shape shape, Quantization q) {
    const auto value = tensor(Type::int8, std::move(shape), std::move(q));
    op.outputs = {value};
    model_.operators.push_back(std::move(op));
    return value;
  }
  template <class Options>
  Value make(Code code, const Options& options, std::vector<Value> inputs, Shape shape,
             Quantization q) {
    Operator op;
    op.code = code;
    op.options = options;
    op.inputs = std::move(inputs);
    return finish(std::move(op), std::move(shape), std::move(q));
  }
  /// Appends input, weights and bias; returns a scale over which the sums spread.
  Quantization add_weights(Operator& op, Value in, const Shape& shape, int axis,
                           std::int32_t channels, std::int32_t summed) {
    Quantization weights;
    Quantization biases;
    for (std::int32_t i = 0; i < channels; ++i) {
      weights.scales.push_back(r_.scale(0.004F, 0.01F));
      biases.scales.push_back(weights.scales.back() * scale(in));
    }
    weights.zero_points.assign(weights.scales.size(), 0);
    biases.zero_points = weights.zero_points;
    weights.axis = axis;
    OneOperator source(r_, op.code);
    Bytes bias;
    for (std::int32_t i = 0; i < channels; ++i) {
      aiot::append_le32(bias, static_cast<std::uint32_t>(r_.between(-3000, 3000)));
    }
    op.inputs = {in,
                 constant(Type::int8, shape, weights, source.values(Type::int8, elements(shape))),
                 constant(Type::int32, {channels}, biases, bias)};
    const float spread = scale(in) * 0.0065F * 60 * std::sqrt(static_cast<float>(summed));
    return {{spread * r_.scale(0.5F, 1.5F)}, {zero_point()}, 0};
  }
  Value convolve(Code code, Value in, const Shape& weights, std::int32_t channels,
                 std::int32_t stride, std::int32_t summed) {
    Operator op;
    op.code = code;
    ConvOptions o;
    o.stride_h = o.stride_w = stride;
    o.activation = static_cast<Activation>(r_.one_of({0, 1, 3}));
    op.options = o;
    const bool depthwise = code == Code::depthwise_conv_2d;
    const auto q = add_weights(op, in, weights, depthwise ? 3 : 0, channels, summed);
    const auto s = shape(in);
    return finish(op, {s[0], (s[1] + stride - 1) / stride, (s[2] + stride - 1) / stride, channels},
                  q);
  }

  Random& r_;
  Model model_;
  std::deque<Bytes> constants_;
};

/// Widened, filtered each channel alone, perhaps weighed by what all pixels say, narrowed, added.
Value inverted_residual(Graph& g, Random& r, Value in) {
  const auto stride = r.chance(30) ? 2 : 1;
  auto x = g.conv(in, g.shape(in)[3] * 2, 1, 1);
  if (r.chance(50)) x = g.function(Code::hard_swish, x);
  x = g.depthwise(x, stride);
  if (r.chance(50)) {
    auto weight = g.conv(g.mean(x), g.shape(x)[3], 1, 1);
    weight = g.function(r.chance(50) ? Code::logistic : Code::relu, weight);
    x = g.sum(Code::mul, x, weight);
  }
  const auto channels = stride == 1 ? g.shape(in)[3] : r.between(3, 12);
  x = g.conv(x, channels, 1, 1);
  return stride == 1 ? g.sum(Code::add, x, in) : x;
}

/// Made small and large again, beside what it was.
Value hourglass(Graph& g, Random& r, Value in) {
  if (g.shape(in)[1] % 2 != 0 || g.shape(in)[2] % 2 != 0) return g.conv(g.pad(in), 5, 2, 1);
  auto small = r.chance(50) ? g.max_pool(in) : g.conv(in, r.between(3, 9), 3, 2);
  small = g.function(r.chance(50) ? Code::relu : Code::hard_swish, small);
  return g.conv(g.concatenate(in, g.upscale(small)), r.between(4, 10), 3, 1);
}

Bytes graph(Random& r, Type) {
  Graph g(r);
  auto x = g.input({1, r.between(5, 12), r.between(5, 12), r.between(1, 4)});
  x = g.conv(x, r.between(4, 12), 3, r.between(1, 2));
  const auto early = x;
  for (auto blocks = r.between(1, 3); blocks > 0; --blocks) {
    x = r.chance(60) ? inverted_residual(g, r, x) : hourglass(g, r, x);
  }
  const auto answer = g.dense(g.mean(x), r.between(2, 10));
  std::vector<Value> outputs = {r.chance(60) ? g.softmax(answer) : answer};
  if (r.chance(30)) outputs.push_back(x);
  if (r.chance(20) && early != x) outputs.push_back(early);
  return g.file(outputs);
}

/// A graph of float32 tensors by hand: what IF and WHILE run.
struct Plain {
  Model model{};
  std::deque<Bytes> constants{};

  std::int32_t add(Type type, std::int32_t count) {
    Tensor tensor;
    tensor.type = type;
    tensor.shape = {count};
    model.tensors.push_back(std::move(tensor));
    return static_cast<std::int32_t>(model.tensors.size() - 1);
  }
  std::int32_t input(std::int32_t count) {
    model.inputs.push_back(add(Type::float32, count));
    return model.inputs.back();
  }
  std::int32_t constant(float value) {
    const auto index = add(Type::float32, 1);
    auto& data = constants.emplace_back();
    aiot::append_le32(data, std::bit_cast<std::uint32_t>(value));
    model.tensors.back().data = data;
    return index;
  }
  std::int32_t compute(Code code, std::vector<std::int32_t> inputs, Type type, std::int32_t count) {
    Operator op;
    op.code = code;
    op.inputs = std::move(inputs);
    op.outputs = {add(type, count)};
    if (code == Code::add || code == Code::mul) op.options = ArithmeticOptions{};
    model.operators.push_back(op);
    return op.outputs[0];
  }
};

/// WHILE: a vector is scaled as long as a counter is below a limit.
Operator loop(Random& r, Plain& outer, Plain& condition, Plain& body, std::int32_t count) {
  Operator op;
  op.code = Code::while_;
  op.inputs = {outer.input(1), outer.input(count)};
  op.outputs = {outer.add(Type::float32, 1), outer.add(Type::float32, count)};
  const auto counter = condition.input(1);
  condition.input(count);
  const auto limit = condition.constant(r.scale(0.5F, 20));
  condition.model.outputs = {condition.compute(Code::less, {counter, limit}, Type::boolean, 1)};
  const auto now = body.input(1);
  const auto scaled = body.input(count);
  const auto step = body.constant(r.scale(0.3F, 3));
  const auto factor = body.constant(r.scale(0.5F, 1.5F));
  body.model.outputs = {body.compute(Code::add, {now, step}, Type::float32, 1),
                        body.compute(Code::mul, {scaled, factor}, Type::float32, count)};
  return op;
}

/// IF: the larger of two numbers decides whether a vector is shifted or scaled.
Operator decision(Random& r, Plain& outer, Plain& yes, Plain& no, std::int32_t count) {
  Operator op;
  op.code = Code::if_;
  const auto left = outer.input(1);
  const auto right = outer.input(1);
  const auto values = outer.input(count);
  op.inputs = {outer.compute(Code::greater, {left, right}, Type::boolean, 1), values};
  op.outputs = {outer.add(Type::float32, count)};
  const auto shifted = yes.input(count);
  const auto shift = yes.constant(r.scale(0.3F, 3));
  yes.model.outputs = {yes.compute(Code::add, {shifted, shift}, Type::float32, count)};
  const auto scaled = no.input(count);
  const auto factor = no.constant(r.scale(0.3F, 3));
  no.model.outputs = {no.compute(Code::mul, {scaled, factor}, Type::float32, count)};
  return op;
}

Bytes branches(Random& r, Type /*type*/) {
  const auto count = r.between(1, 6);
  Plain outer;
  Plain first;
  Plain second;
  auto op = r.chance(50) ? loop(r, outer, first, second, count)
                         : decision(r, outer, first, second, count);
  op.options = BranchOptions{1, 2, std::make_shared<const Model>(std::move(first.model)),
                             std::make_shared<const Model>(std::move(second.model))};
  outer.model.outputs = op.outputs;
  outer.model.operators.push_back(op);
  return write_model(outer.model);
}

constexpr std::array<Maker, 2> makers = {{{"graph", graph, true}, {"branches", branches, true}}};

}  // namespace

std::span<const Maker> graph_makers() { return makers; }

}  // namespace vectors
