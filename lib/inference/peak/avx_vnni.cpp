#include "inference/peak/x86_256.hpp"

namespace aiot::inference::peak {
namespace {

void int8() {
  __m256i sum[sums] = {};
  const __m256i a = _mm256_set1_epi8(3);
  const __m256i b = _mm256_set1_epi8(5);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k)                              \
  sum[k] = _mm256_dpbusd_avx_epi32(sum[k], a, b); \
  AIOT_KEEP(sum[k]);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
}

}  // namespace

const Loops avx_vnni_loops = {{int8, steps * 32}, {float_256, steps * 8}};

}  // namespace aiot::inference::peak
