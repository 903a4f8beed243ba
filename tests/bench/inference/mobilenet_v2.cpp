#include "mobilenet_v2.hpp"

#include "inference/builtin/builtin.hpp"

namespace aiot::bench {
namespace {

using inference::Activation;
using inference::GraphBuilder;
using Value = GraphBuilder::Value;

struct Bottleneck {
  std::int32_t expansion, filters, repeats, stride;
};

Value bottleneck(GraphBuilder& graph, Value x, std::int32_t channels, std::int32_t expanded,
                 std::int32_t filters, std::int32_t stride) {
  Value y = x;
  if (expanded != channels) y = graph.conv(y, {.filters = expanded, .h = 1, .w = 1});
  y = graph.depthwise_conv(y, stride);
  y = graph.conv(y, {.filters = filters, .h = 1, .w = 1, .activation = Activation::none});
  return stride == 1 && channels == filters ? graph.add(x, y) : y;
}

}  // namespace

Bytes mobilenet_v2() {
  constexpr Bottleneck table[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                  {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  GraphBuilder graph(5);
  Value x = graph.input({1, 224, 224, 3}, 1.0F / 255, -128);
  std::int32_t channels = 32;
  x = graph.conv(x, {.filters = channels, .stride = 2});
  for (const auto& row : table) {
    for (std::int32_t i = 0; i < row.repeats; ++i) {
      x = bottleneck(graph, x, channels, channels * row.expansion, row.filters,
                     i == 0 ? row.stride : 1);
      channels = row.filters;
    }
  }
  x = graph.conv(x, {.filters = 1280, .h = 1, .w = 1});
  x = graph.flatten(graph.average_pool(x));
  x = graph.fully_connected(x, 1000, Activation::none);
  return graph.finish(graph.softmax(x), "MobileNet v2 with random weights");
}

}  // namespace aiot::bench
