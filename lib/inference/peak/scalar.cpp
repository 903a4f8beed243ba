#include <array>
#include <cstdint>

#include "inference/peak/loops.hpp"

namespace aiot::inference::peak {
namespace {

constexpr int int_sums = 4;

void int8() {
  std::array<std::int32_t, int_sums> sum{};
  std::int32_t a = 3;
  std::int32_t b = 5;
  for (int i = 0; i < rounds; ++i) {
    for (auto& s : sum) {
      AIOT_KEEP_GENERAL(a);
      s += a * b;
      AIOT_KEEP_GENERAL(s);
    }
  }
}

void floats() {
  std::array<float, sums> sum{};
  float a = 0.5F;
  float b = 1.0F;
  for (int i = 0; i < rounds; ++i) {
    for (auto& s : sum) {
#if defined(AIOT_KEEP)
      AIOT_KEEP(a);
      s += a * b;
      AIOT_KEEP(s);
#else
      s += a * b;
#endif
    }
  }
  AIOT_KEEP_GENERAL(b);
}

}  // namespace

const Loops scalar_loops = {{int8, double{int_sums} * rounds}, {floats, steps}};

}  // namespace aiot::inference::peak
