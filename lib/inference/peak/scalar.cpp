#include <cstdint>

#include "inference/peak/loops.hpp"

namespace aiot::inference::peak {
namespace {

constexpr int int_sums = 4;  // an addition takes one cycle

void int8() {
  std::int32_t sum[int_sums] = {};
  std::int32_t a = 3;
  std::int32_t b = 5;
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k)          \
  AIOT_KEEP_GENERAL(a);       \
  AIOT_KEEP_GENERAL(b);       \
  sum[k % int_sums] += a * b; \
  AIOT_KEEP_GENERAL(sum[k % int_sums]);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
}

#if defined(AIOT_KEEP)
#define AIOT_KEEP_FLOAT(x) AIOT_KEEP(x)
#else
#define AIOT_KEEP_FLOAT(x) AIOT_KEEP_GENERAL(x)
#endif

void floats() {
  float sum[sums] = {};
  float a = 0.5F;
  float b = 1.0F;
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k)  \
  AIOT_KEEP_FLOAT(a); \
  AIOT_KEEP_FLOAT(b); \
  sum[k] += a * b;    \
  AIOT_KEEP_FLOAT(sum[k]);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
}

}  // namespace

const Loops scalar_loops = {{int8, steps}, {floats, steps}};

}  // namespace aiot::inference::peak
