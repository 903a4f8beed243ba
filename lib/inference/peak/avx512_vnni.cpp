#include <immintrin.h>

#include "inference/peak/loops.hpp"

namespace aiot::inference::peak {
namespace {

void int8() {
  __m512i sum[sums] = {};
  const __m512i a = _mm512_set1_epi8(3);
  const __m512i b = _mm512_set1_epi8(5);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k)                          \
  sum[k] = _mm512_dpbusd_epi32(sum[k], a, b); \
  AIOT_KEEP(sum[k]);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
}

void floats() {
  __m512 sum[sums] = {};
  const __m512 a = _mm512_set1_ps(0.5F);
  const __m512 b = _mm512_set1_ps(1.0F);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k)                      \
  sum[k] = _mm512_fmadd_ps(a, b, sum[k]); \
  AIOT_KEEP(sum[k]);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
}

}  // namespace

const Loops avx512_vnni_loops = {{int8, steps * 64}, {floats, steps * 16}};

}  // namespace aiot::inference::peak
