#include "inference/peak/arm.hpp"

namespace aiot::inference::peak {
namespace {

void int8() {
  int32x4_t sum[sums] = {};
  const int8x16_t a = vdupq_n_s8(3);
  const int8x16_t b = vdupq_n_s8(5);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k)                \
  sum[k] = vdotq_s32(sum[k], a, b); \
  AIOT_KEEP(sum[k]);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
}

}  // namespace

const Loops neon_dot_loops = {{int8, steps * 16}, {float_128, steps * 4}};

}  // namespace aiot::inference::peak
