#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "inference/fast/pack.hpp"
#include "inference/kernel/kernels.hpp"

/// What random operators are made of.
namespace aiot::test {

namespace fast = inference::fast;
namespace kernel = inference::kernel;

/// Counts one for cases_taken().
void count_case();

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  /// least to most, each as likely.
  std::int32_t number(std::int32_t least, std::int32_t most) {
    const auto range = static_cast<std::uint64_t>(static_cast<std::int64_t>(most) - least) + 1;
    const auto wide = (static_cast<std::uint64_t>(engine_()) << 32) | engine_();
    return static_cast<std::int32_t>(least + static_cast<std::int64_t>(wide % range));
  }
  bool one_in(std::int32_t n) { return number(1, n) == 1; }
  /// Values over the whole range, or at its ends, or small ones, or mostly 0.
  std::vector<std::int8_t> values(std::size_t count) {
    std::vector<std::int8_t> all(count);
    const auto kind = number(0, 4);
    for (auto& value : all) {
      switch (kind) {
        case 0: value = static_cast<std::int8_t>(one_in(2) ? -128 : 127); break;
        case 1: value = static_cast<std::int8_t>(number(-5, 5)); break;
        case 2: value = static_cast<std::int8_t>(one_in(8) ? number(-128, 127) : 0); break;
        default: value = static_cast<std::int8_t>(number(-128, 127)); break;
      }
    }
    return all;
  }
  std::int32_t zero_point() {
    const std::int32_t ends[] = {-128, 127, 0};
    return one_in(2) ? number(-128, 127) : ends[number(0, 2)];
  }
  /// Factors that leave something of sums of `depth` products, some without a shift or to the left.
  kernel::Factor factor(std::int32_t depth) {
    if (one_in(40)) return {};
    std::int32_t bits = 6;
    while ((1 << (bits - 6)) < depth) ++bits;
    const std::int32_t multipliers[] = {1 << 30, 2'147'483'647};
    const auto multiplier = one_in(4) ? multipliers[number(0, 1)] : number(1 << 30, 2'147'483'647);
    const auto shift = one_in(6) ? number(-31, 3) : -number(bits / 2, bits);
    return {multiplier, shift};
  }
  std::vector<std::int32_t> biases(std::int32_t count, std::int32_t depth) {
    std::vector<std::int32_t> all(static_cast<std::size_t>(count));
    const auto most = std::min(depth * 8'000, 100'000'000);
    for (auto& bias : all) {
      bias = one_in(60) ? number(-2'147'483'647, 2'147'483'647) : number(-most, most);
    }
    return all;
  }
  kernel::Range<std::int32_t> range() {
    if (one_in(2)) return {-128, 127};
    const auto low = number(-128, 126);
    return {low, number(low, 127)};
  }

  /// Of all sizes, some of them 0, -0, or so small that products vanish; `odd`: also infinite or no
  /// number at all.
  std::vector<float> reals(std::size_t count, bool odd) {
    std::vector<float> all(count);
    const auto kind = number(0, 3);
    for (auto& value : all) {
      value = static_cast<float>(number(-1'000'000, 1'000'000)) / 65'536.0F;
      if (kind == 0 && one_in(2)) value = one_in(2) ? 0.0F : -0.0F;
      if (kind == 1) value *= one_in(2) ? 1e-25F : 1e18F;
      if (odd && one_in(200)) {
        value = one_in(2) ? std::numeric_limits<float>::infinity()
                          : std::numeric_limits<float>::quiet_NaN();
      }
    }
    return all;
  }

 private:
  std::mt19937 engine_;
};

/// Runs the kernel in one to three parts, by rows or by blocks.
template <class Run, class Task>
void run_in_parts(Random& random, const Run& run, const Task& task, std::int32_t rows,
                  std::int32_t blocks) {
  const auto row_cut = random.number(0, rows);
  const auto block_cut = random.number(0, blocks);
  run(task, {0, row_cut, 0, blocks});
  run(task, {row_cut, rows, 0, block_cut});
  run(task, {row_cut, rows, block_cut, blocks});
}

inline kernel::Window random_window(Random& random, kernel::Shape& input, kernel::Shape& output) {
  kernel::Window w;
  w.h = random.number(1, 7);
  w.w = random.number(1, 7);
  w.stride_h = random.number(1, 3);
  w.stride_w = random.number(1, 3);
  if (random.one_in(4)) w.dilation_h = w.dilation_w = random.number(2, 3);
  if (random.one_in(3)) w.h = w.w = 1;
  if (random.one_in(3)) {
    w.h = w.w = 3;
    w.stride_h = w.stride_w = random.number(1, 2);
  }
  const auto extent_h = (w.h - 1) * w.dilation_h + 1;
  const auto extent_w = (w.w - 1) * w.dilation_w + 1;
  w.pad_top = random.number(0, extent_h - 1);
  w.pad_left = random.number(0, extent_w - 1);
  input.h = std::max(1, extent_h - w.pad_top) + random.number(0, 8);
  input.w = std::max(1, extent_w - w.pad_left) + random.number(0, 8);
  // As many steps as keep some of the last window on the image.
  output.h = (input.h + w.pad_top - 1) / w.stride_h + 1;
  output.w = (input.w + w.pad_left - 1) / w.stride_w + 1;
  output.h = random.number(1, output.h);
  output.w = random.number(1, output.w);
  return w;
}

}  // namespace aiot::test
