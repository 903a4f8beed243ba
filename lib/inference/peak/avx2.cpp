#include "inference/peak/x86_256.hpp"

namespace aiot::inference::peak {
namespace {

/// vpmaddubsw, and sums of 16 bits, as fully connected layers have them; a convolution widens its
/// weights to 16 bits, and comes to half of that.
void int8() {
  // An addition takes one cycle: few sums do, and the products need registers, too.
  __m256i sum[sums / 2] = {};
  __m256i a = _mm256_set1_epi8(3);
  const __m256i b = _mm256_set1_epi8(5);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k)                                                     \
  AIOT_KEEP(a);                                                          \
  sum[k / 2] = _mm256_add_epi16(sum[k / 2], _mm256_maddubs_epi16(a, b)); \
  AIOT_KEEP(sum[k / 2]);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
}

}  // namespace

const Loops avx2_loops = {{int8, steps * 32}, {float_256, steps * 8}};

}  // namespace aiot::inference::peak
