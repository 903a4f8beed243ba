#pragma once

#include <arm_neon.h>

#include "inference/fast/table.hpp"

namespace aiot::inference::fast {
namespace {

/// Lanes have the channels of a block as they are.
constexpr std::uint8_t order_neon[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

using RealsNeon = Reals<16, 8, 12, 4>;

struct SumsNeon {
  using Sum = int32x4_t;
  using Scaling = fast::Scaling;
  static constexpr int lanes = 4;
  static constexpr const std::uint8_t* order = order_neon;

  static Sum load(const std::int32_t* p) { return vld1q_s32(p); }
  static void store(std::int32_t* p, Sum x) { vst1q_s32(p, x); }
  static Sum add(Sum a, Sum b) { return vaddq_s32(a, b); }
  static Sum less(Sum a, Sum b) { return vsubq_s32(a, b); }
  static Sum times(Sum a, Sum b) { return vmulq_s32(a, b); }
  static Sum all(std::int32_t x) { return vdupq_n_s32(x); }
  static Sum as_sum(Sum x) { return x; }
  template <int N>
  static Sum shifted(Sum x) {
    return vshlq_n_s32(x, N);
  }
};

/// kernel::multiply() in four lanes: NEON's saturating rounding doubling high multiply is the
/// reference's, and its rounding shift rounds ties up, which is mended for negative values.
template <int Vectors>
struct ScalerNeon {
  int32x4_t multiplier[Vectors], right[Vectors], left[Vectors];  // right: negative shifts

  ScalerNeon(const Scaling& s, int channel) {
    for (int n = 0; n < Vectors; ++n) {
      const int at = channel + 4 * n;
      multiplier[n] = vld1q_s32(s.multiplier + at);
      right[n] = vnegq_s32(vld1q_s32(s.right + at));
      left[n] = s.left == nullptr ? vdupq_n_s32(0) : vld1q_s32(s.left + at);
    }
  }
  int32x4_t scaled(int32x4_t sum, int n) const {
    const int32x4_t x = vqrdmulhq_s32(vshlq_s32(sum, left[n]), multiplier[n]);
    const int32x4_t below = vshrq_n_s32(vandq_s32(x, right[n]), 31);  // -1: x < 0 and shifted
    return vrshlq_s32(vqaddq_s32(x, below), right[n]);
  }
};

}  // namespace

}  // namespace aiot::inference::fast
