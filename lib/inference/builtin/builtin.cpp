#include "inference/builtin/builtin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "inference/error.hpp"
#include "inference/model/file.hpp"

namespace aiot::inference {

std::uint64_t GraphBuilder::random() {  // splitmix64 (Steele, Lea, Flood 2014)
  state_ += 0x9e3779b97f4a7c15;
  auto z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

double GraphBuilder::random_real() { return static_cast<double>(random() >> 11) * 0x1p-53; }

/// Of the 64 bits of a random number half are set, give or take 4: a bell, filled up between its
/// steps.
std::int8_t GraphBuilder::random_weight(double deviation) {
  const double steps = std::popcount(random()) - 32 + random_real() - 0.5;
  const double weight = std::round(steps / 4 * deviation);
  return static_cast<std::int8_t>(std::clamp(weight, -127.0, 127.0));
}

const Tensor& GraphBuilder::tensor(Value value) const {
  return model_.tensors[static_cast<std::size_t>(value)];
}

std::string GraphBuilder::next_name(std::string_view kind) {
  return fmt::format("{}_{}", kind, model_.operators.size());
}

GraphBuilder::Value GraphBuilder::compute(std::string name, std::vector<std::int32_t> shape,
                                          float scale, std::int32_t zero_point,
                                          double mean_square) {
  Tensor tensor;
  tensor.name = std::move(name);
  tensor.type = Type::int8;
  tensor.shape = std::move(shape);
  tensor.quantization = {{scale}, {zero_point}, 0};
  model_.tensors.push_back(std::move(tensor));
  mean_squares_.push_back(mean_square);
  return static_cast<Value>(model_.tensors.size() - 1);
}

GraphBuilder::Value GraphBuilder::constant(std::string name, std::vector<std::int32_t> shape,
                                           Type type, Bytes data, Quantization quantization) {
  const auto value = compute(std::move(name), std::move(shape), 1, 0, 0);
  auto& tensor = model_.tensors.back();
  tensor.type = type;
  tensor.quantization = std::move(quantization);
  tensor.data = constants_.emplace_back(std::move(data));
  return value;
}

GraphBuilder::Value GraphBuilder::input(std::vector<std::int32_t> shape, float scale,
                                        std::int32_t zero_point) {
  // Uniform over 256 steps: a variance of (256^2 - 1) / 12 about -0.5.
  const double steps = 65'535.0 / 12 + std::pow(-0.5 - zero_point, 2);
  const auto value =
      compute("input", std::move(shape), scale, zero_point, steps * std::pow(scale, 2));
  model_.inputs.push_back(value);
  return value;
}

/// Results of a normal distribution: four standard deviations are kept of each sign that is left.
GraphBuilder::Value GraphBuilder::activated(std::string name, std::vector<std::int32_t> shape,
                                            Activation activation) {
  constexpr float kept = 4;
  if (activation == Activation::none) {
    return compute(std::move(name), std::move(shape), 2 * kept / 255, 0, 1);
  }
  return compute(std::move(name), std::move(shape), kept / 255, -128, 0.5);
}

void GraphBuilder::add_weights(Operator& op, Value input, const Weights& weights) {
  // Where all channels have one scale, the few with large weights make the others' small: those of
  // MLPerf Tiny's anomaly detector have 4 to 23, of its convolutions 40 to 60.
  const double deviation = weights.one_scale ? 14 : 48;
  const double variance = deviation * deviation;
  const double input_scale = static_cast<double>(tensor(input).scale());
  const double even =
      1 / std::sqrt(weights.summed * variance * mean_squares_[static_cast<std::size_t>(input)]);
  Quantization weight_scales;
  Quantization bias_scales;
  weight_scales.axis = weights.axis;
  const auto scales = weights.one_scale ? 1 : weights.channels;
  for (std::int32_t i = 0; i < scales; ++i) {
    const double scale = even * (weights.one_scale ? 1 : 0.75 + 0.5 * random_real());
    weight_scales.scales.push_back(static_cast<float>(scale));
    bias_scales.scales.push_back(static_cast<float>(scale * input_scale));
  }
  weight_scales.zero_points.assign(weight_scales.scales.size(), 0);
  bias_scales.zero_points = weight_scales.zero_points;
  std::size_t size = 1;
  for (const auto extent : weights.shape) size *= static_cast<std::size_t>(extent);
  Bytes values(size);
  for (auto& value : values) value = static_cast<std::uint8_t>(random_weight(deviation));
  Bytes biases;
  for (std::int32_t i = 0; i < weights.channels; ++i) {
    const auto scale = bias_scales.scales[static_cast<std::size_t>(weights.one_scale ? 0 : i)];
    const double bias = (random_real() - 0.5) * 0.4 / static_cast<double>(scale);
    append_le32(biases, static_cast<std::uint32_t>(static_cast<std::int32_t>(std::round(bias))));
  }
  op.inputs = {input,
               constant(next_name("weights"), weights.shape, Type::int8, std::move(values),
                        std::move(weight_scales)),
               constant(next_name("bias"), {weights.channels}, Type::int32, std::move(biases),
                        std::move(bias_scales))};
}

GraphBuilder::Value GraphBuilder::conv(Value input, const ConvArguments& a) {
  const auto shape = tensor(input).shape;
  Operator op;
  op.code = Code::conv_2d;
  ConvOptions options;
  options.stride_h = options.stride_w = a.stride;
  options.activation = a.activation;
  op.options = options;
  add_weights(op, input, {{a.filters, a.h, a.w, shape[3]}, 0, a.filters, a.h * a.w * shape[3]});
  const auto steps = [&](std::int32_t image) { return (image + a.stride - 1) / a.stride; };
  op.outputs = {activated(next_name("conv"),
                          {shape[0], steps(shape[1]), steps(shape[2]), a.filters}, a.activation)};
  model_.operators.push_back(op);
  return op.outputs[0];
}

GraphBuilder::Value GraphBuilder::depthwise_conv(Value input, std::int32_t stride) {
  const auto shape = tensor(input).shape;
  Operator op;
  op.code = Code::depthwise_conv_2d;
  ConvOptions options;
  options.stride_h = options.stride_w = stride;
  options.activation = Activation::relu;
  op.options = options;
  add_weights(op, input, {{1, 3, 3, shape[3]}, 3, shape[3], 9});
  const auto steps = [&](std::int32_t image) { return (image + stride - 1) / stride; };
  op.outputs = {activated(next_name("depthwise"),
                          {shape[0], steps(shape[1]), steps(shape[2]), shape[3]},
                          Activation::relu)};
  model_.operators.push_back(op);
  return op.outputs[0];
}

GraphBuilder::Value GraphBuilder::fully_connected(Value input, std::int32_t outputs,
                                                  Activation activation) {
  const auto shape = tensor(input).shape;
  Operator op;
  op.code = Code::fully_connected;
  FullyConnectedOptions options;
  options.activation = activation;
  op.options = options;
  add_weights(op, input, {{outputs, shape[1]}, 0, outputs, shape[1], true});
  op.outputs = {activated(next_name("dense"), {shape[0], outputs}, activation)};
  model_.operators.push_back(op);
  return op.outputs[0];
}

GraphBuilder::Value GraphBuilder::add(Value a, Value b) {
  Operator op;
  op.code = Code::add;
  op.options = ArithmeticOptions{Activation::relu};
  op.inputs = {a, b};
  const auto mean_square =
      mean_squares_[static_cast<std::size_t>(a)] + mean_squares_[static_cast<std::size_t>(b)];
  op.outputs = {compute(next_name("add"), tensor(a).shape,
                        static_cast<float>(4 * std::sqrt(mean_square) / 255), -128,
                        mean_square / 2)};
  model_.operators.push_back(op);
  return op.outputs[0];
}

GraphBuilder::Value GraphBuilder::average_pool(Value input) {
  const auto from = tensor(input);
  Operator op;
  op.code = Code::average_pool_2d;
  op.options = PoolOptions{Padding::valid, from.shape[1], from.shape[2],
                           from.shape[1],  from.shape[2], Activation::none};
  op.inputs = {input};
  // The mean of what is left of a normal distribution, squared, is 1/pi of its mean square.
  op.outputs = {compute(next_name("pool"), {from.shape[0], 1, 1, from.shape[3]}, from.scale(),
                        from.zero_point(), mean_squares_[static_cast<std::size_t>(input)] / 2)};
  model_.operators.push_back(op);
  return op.outputs[0];
}

GraphBuilder::Value GraphBuilder::flatten(Value input) {
  const auto from = tensor(input);
  Operator op;
  op.code = Code::reshape;
  const auto size = static_cast<std::int32_t>(from.elements()) / from.shape[0];
  Bytes shape;
  for (const auto extent : {from.shape[0], size}) {
    append_le32(shape, static_cast<std::uint32_t>(extent));
  }
  op.inputs = {input, constant(next_name("shape"), {2}, Type::int32, std::move(shape), {})};
  op.outputs = {compute(next_name("flat"), {from.shape[0], size}, from.scale(), from.zero_point(),
                        mean_squares_[static_cast<std::size_t>(input)])};
  model_.operators.push_back(op);
  return op.outputs[0];
}

GraphBuilder::Value GraphBuilder::softmax(Value input) {
  Operator op;
  op.code = Code::softmax;
  op.options = SoftmaxOptions{1};
  op.inputs = {input};
  op.outputs = {compute(next_name("softmax"), tensor(input).shape, 1.0F / 256, -128, 1)};
  model_.operators.push_back(op);
  return op.outputs[0];
}

Bytes GraphBuilder::finish(Value output, std::string description) {
  model_.outputs = {output};
  model_.description = std::move(description);
  return write_model(model_);
}

namespace {

using Value = GraphBuilder::Value;

Bytes keyword_spotting() {
  GraphBuilder graph(1);
  Value x = graph.input({1, 49, 10, 1}, 0.5847F, 83);
  x = graph.conv(x, {.filters = 64, .h = 10, .w = 4, .stride = 2});
  for (int block = 0; block < 4; ++block) {
    x = graph.depthwise_conv(x, 1);
    x = graph.conv(x, {.filters = 64, .h = 1, .w = 1});
  }
  x = graph.flatten(graph.average_pool(x));
  x = graph.fully_connected(x, 12, Activation::none);
  return graph.finish(graph.softmax(x), "DS-CNN with random weights");
}

Bytes visual_wake_words() {
  struct Block {
    std::int32_t stride, filters;
  };
  constexpr std::array<Block, 13> blocks = {{{1, 16},
                                             {2, 32},
                                             {1, 32},
                                             {2, 64},
                                             {1, 64},
                                             {2, 128},
                                             {1, 128},
                                             {1, 128},
                                             {1, 128},
                                             {1, 128},
                                             {1, 128},
                                             {2, 256},
                                             {1, 256}}};
  GraphBuilder graph(2);
  Value x = graph.input({1, 96, 96, 3}, 1.0F / 255, -128);
  x = graph.conv(x, {.filters = 8, .stride = 2});
  for (const auto& block : blocks) {
    x = graph.depthwise_conv(x, block.stride);
    x = graph.conv(x, {.filters = block.filters, .h = 1, .w = 1});
  }
  x = graph.flatten(graph.average_pool(x));
  x = graph.fully_connected(x, 2, Activation::none);
  return graph.finish(graph.softmax(x), "MobileNet v1 0.25 with random weights");
}

Bytes image_classification() {
  GraphBuilder graph(3);
  Value x = graph.input({1, 32, 32, 3}, 1, -128);
  x = graph.conv(x, {.filters = 16});
  for (const std::int32_t filters : {16, 32, 64}) {
    const std::int32_t stride = filters == 16 ? 1 : 2;
    Value y = graph.conv(x, {.filters = filters, .stride = stride});
    y = graph.conv(y, {.filters = filters, .activation = Activation::none});
    if (stride != 1) {
      x = graph.conv(
          x,
          {.filters = filters, .h = 1, .w = 1, .stride = stride, .activation = Activation::none});
    }
    x = graph.add(x, y);
  }
  x = graph.flatten(graph.average_pool(x));
  x = graph.fully_connected(x, 10, Activation::none);
  return graph.finish(graph.softmax(x), "ResNet-8 with random weights");
}

Bytes anomaly_detection() {
  GraphBuilder graph(4);
  Value x = graph.input({1, 640}, 0.391F, 89);
  for (const std::int32_t outputs : {128, 128, 128, 128, 8, 128, 128, 128, 128}) {
    x = graph.fully_connected(x, outputs, Activation::relu);
  }
  x = graph.fully_connected(x, 640, Activation::none);
  return graph.finish(x, "autoencoder with random weights");
}

struct Builtin {
  std::string_view name;
  Bytes (*file)();
};
constexpr std::array<Builtin, 4> builtins = {{{"kws", keyword_spotting},
                                              {"vww", visual_wake_words},
                                              {"ic", image_classification},
                                              {"ad", anomaly_detection}}};
constexpr std::array<std::string_view, 4> names_of_builtins = {"kws", "vww", "ic", "ad"};

}  // namespace

std::span<const std::string_view> builtin_names() { return names_of_builtins; }

Result<Model> builtin_model(std::string_view name) {
  for (const auto& builtin : builtins) {
    if (builtin.name == name) return read_model(builtin.file());
  }
  return make_error(Errc::unknown_builtin, escape_controls(name),
                    fmt::format("choose one of {}", fmt::join(names_of_builtins, ", ")));
}

}  // namespace aiot::inference
