#pragma once

#include <immintrin.h>

#include "inference/peak/loops.hpp"

namespace aiot::inference::peak {
namespace {

/// float32 in vectors of 256 bits: FMA, which each CPU with AVX2 has.
inline void float_256() {
  __m256 sum[sums] = {};
  const __m256 a = _mm256_set1_ps(0.5F);
  const __m256 b = _mm256_set1_ps(1.0F);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k)                      \
  sum[k] = _mm256_fmadd_ps(a, b, sum[k]); \
  AIOT_KEEP(sum[k]);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
}

}  // namespace
}  // namespace aiot::inference::peak
