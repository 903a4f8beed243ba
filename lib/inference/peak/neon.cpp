#include "inference/peak/arm.hpp"

namespace aiot::inference::peak {
namespace {

void int8() {
  int32x4_t sum[sums] = {};
  const int16x4_t a = vdup_n_s16(3);
  const int16x4_t b = vdup_n_s16(5);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k)                \
  sum[k] = vmlal_s16(sum[k], a, b); \
  AIOT_KEEP(sum[k]);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
}

}  // namespace

const Loops neon_loops = {{int8, steps * 4}, {float_128, steps * 4}};

}  // namespace aiot::inference::peak
