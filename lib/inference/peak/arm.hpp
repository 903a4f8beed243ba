#pragma once

#include <arm_neon.h>

#include "inference/peak/loops.hpp"

namespace aiot::inference::peak {
namespace {

/// float32 in vectors of 128 bits.
inline void float_128() {
  float32x4_t sum[sums] = {};
  const float32x4_t a = vdupq_n_f32(0.5F);
  const float32x4_t b = vdupq_n_f32(1.0F);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k)                \
  sum[k] = vfmaq_f32(sum[k], a, b); \
  AIOT_KEEP(sum[k]);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
}

}  // namespace
}  // namespace aiot::inference::peak
