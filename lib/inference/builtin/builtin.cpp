#include "inference/builtin/builtin.hpp"

#include <fmt/format.h>

#include <array>

#include "inference/builtin/graph.hpp"
#include "inference/error.hpp"
#include "inference/model/read.hpp"

namespace aiot::inference {
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
constexpr std::array<std::string_view, 4> names = {"kws", "vww", "ic", "ad"};

}  // namespace

std::span<const std::string_view> builtin_names() { return names; }

Result<Model> builtin_model(std::string_view name) {
  for (const auto& builtin : builtins) {
    if (builtin.name == name) return read_model(builtin.file());
  }
  return make_error(Errc::unknown_builtin, escape_controls(name),
                    fmt::format("choose one of {}", fmt::join(names, ", ")));
}

}  // namespace aiot::inference
