#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/result.hpp"
#include "inference/model/model.hpp"

namespace aiot::inference {

/// The architectures of MLPerf Tiny v1 with weights from a seeded generator: what they compute
/// means nothing, what they cost is that of the real ones.
///   kws  keyword spotting: DS-CNN, 49 x 10 -> 12, 2.657 M MACs
///   vww  visual wake words: MobileNet v1 0.25, 96 x 96 x 3 -> 2, 7.490 M MACs
///   ic   image classification: ResNet-8, 32 x 32 x 3 -> 10, 12.50 M MACs
///   ad   anomaly detection: autoencoder, 640 -> 640, 0.264 M MACs
std::span<const std::string_view> builtin_names();

/// The same bytes on every machine. Errc::unknown_builtin.
Result<Model> builtin_model(std::string_view name);

/// Builds an int8 graph with random weights, layer upon layer. Scales are chosen such that each
/// layer's results have a variance of about 1, so that few of them saturate. Weights are spread
/// like those of trained networks: most are small, which is what some kernels are fast by.
class GraphBuilder {
 public:
  explicit GraphBuilder(std::uint64_t seed) : state_(seed) {}

  /// The number of a tensor; the input of the layers that use it.
  using Value = std::int32_t;

  /// An input with values all over int8.
  Value input(std::vector<std::int32_t> shape, float scale, std::int32_t zero_point);
  struct ConvArguments {
    std::int32_t filters = 0;
    std::int32_t h = 3, w = 3, stride = 1;
    Activation activation = Activation::relu;
  };
  Value conv(Value input, const ConvArguments& arguments);
  /// With one output channel for each input channel.
  Value depthwise_conv(Value input, std::int32_t stride);
  Value fully_connected(Value input, std::int32_t outputs, Activation activation);
  Value add(Value a, Value b);
  /// Over the whole image.
  Value average_pool(Value input);
  /// To batch and the rest.
  Value flatten(Value input);
  Value softmax(Value input);

  /// The file, with `output` as the only output.
  Bytes finish(Value output, std::string description);

 private:
  struct Weights {
    std::vector<std::int32_t> shape;
    int axis = 0;  ///< of the output channels
    std::int32_t channels = 0;
    std::int32_t summed = 0;  ///< products in one sum
    bool one_scale = false;
  };
  Value compute(std::string name, std::vector<std::int32_t> shape, float scale,
                std::int32_t zero_point, double mean_square);
  Value activated(std::string name, std::vector<std::int32_t> shape, Activation activation);
  /// Adds weights and biases for `input`, and appends them to the operator's inputs.
  void add_weights(Operator& op, Value input, const Weights& weights);
  Value constant(std::string name, std::vector<std::int32_t> shape, Type type, Bytes data,
                 Quantization quantization);
  const Tensor& tensor(Value value) const;
  std::string next_name(std::string_view kind);
  std::uint64_t random();
  /// At least 0, below 1.
  double random_real();
  std::int8_t random_weight(double deviation);

  std::uint64_t state_;
  Model model_;
  std::vector<double> mean_squares_;  ///< of each tensor's real values
  std::deque<Bytes> constants_;
};

}  // namespace aiot::inference
