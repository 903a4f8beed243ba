#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

#include "inference/fast/engine.hpp"
#include "inference/fast/pack.hpp"

namespace aiot::inference::fast {
namespace {

constexpr std::int32_t depth = 64;
constexpr std::int32_t outputs = 16;

std::optional<PackedDense> packed(const Kernels& kernels, const std::vector<std::int8_t>& weights) {
  const std::vector<kernel::Factor> factors(outputs, {1 << 30, -8});
  kernel::Requantize quantized;
  quantized.input_offset = 128;
  quantized.range = {-128, 127};
  quantized.factors = factors.data();
  return pack_dense(kernels, {1, depth, outputs}, quantized, weights.data(), nullptr);
}

/// Weights of a normal distribution, cut at `most`.
std::vector<std::int8_t> weights_of(double deviation, int most) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal(0, deviation);
  std::vector<std::int8_t> all(depth * outputs);
  for (auto& w : all) {
    w = static_cast<std::int8_t>(std::clamp(static_cast<int>(normal(random)), -most, most));
  }
  return all;
}

/// What vpmaddubsw and the sums in 16 bits make of a group of the largest inputs has to fit.
bool all_groups_fit(const PackedDense& p) {
  const auto* w = p.task.weights;
  for (std::int32_t q = 0; q < p.task.quads; q += p.task.group) {
    for (std::int32_t lane = 0; lane < outputs * 4; lane += 2) {
      int up = 0;
      int down = 0;
      for (std::int32_t i = q; i < q + p.task.group; ++i) {
        for (const std::int32_t j : {lane, lane + 1}) {
          const int weight = w[i * outputs * 4 + j];
          (weight > 0 ? up : down) += weight;
        }
      }
      if (255 * up > 32767 || 255 * down < -32768) return false;
    }
  }
  return true;
}

/// Each weight and its extra parts together, as often as it is there: sorted, since lanes have an
/// order of their own.
std::vector<int> sums(const PackedDense& p) {
  std::vector<int> all(p.task.weights, p.task.weights + p.task.quads * outputs * 4);
  for (std::size_t e = 0; e < p.extra_quads.size(); ++e) {
    for (std::size_t i = 0; i < outputs * 4; ++i) {
      all[static_cast<std::size_t>(p.extra_quads[e]) * outputs * 4 + i] +=
          p.task.extra_weights[e * outputs * 4 + i];
    }
  }
  std::ranges::sort(all);
  return all;
}

TEST_CASE("weights are summed in 16 bits in groups as large as they allow") {
  const auto* kernels = kernels_of(Isa::avx2);
  if (kernels == nullptr || kernels->dense == nullptr) {
    MESSAGE("skipped: no dense kernel is built for this machine");
    return;
  }
  struct Case {
    double deviation;
    int most;
    int group;
    bool has_extras;  ///< pairs that are too much even alone
  };
  const Case cases[] = {
      {3, 12, 4, false}, {20, 60, 2, false}, {40, 60, 1, false}, {33, 128, 1, true}};
  for (const auto& c : cases) {
    CAPTURE(c.deviation);
    const auto weights = weights_of(c.deviation, c.most);
    const auto dense = packed(*kernels, weights);
    REQUIRE(dense);
    const auto& p = *dense;
    CHECK(p.task.group == c.group);
    if (c.has_extras) CHECK(!p.extra_quads.empty());
    CHECK(all_groups_fit(p));
    std::vector<int> expected(weights.begin(), weights.end());
    std::ranges::sort(expected);
    CHECK(sums(p) == expected);
  }
  // Where half of all quads would be done twice, a convolution is faster.
  CHECK(!packed(*kernels, weights_of(60, 128)));
}

}  // namespace
}  // namespace aiot::inference::fast
