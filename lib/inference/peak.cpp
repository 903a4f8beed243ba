#include "inference/peak.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// Keeps a register's value from being known, so that equal products are all made. Costs nothing.
#if defined(__x86_64__)
#define AIOT_KEEP(x) asm volatile("" : "+x"(x))
#elif defined(__aarch64__)
#define AIOT_KEEP(x) asm volatile("" : "+w"(x))
#endif
#define AIOT_KEEP_GENERAL(x) asm volatile("" : "+r"(x))

// Written out, since indices that are known from the start are what keeps sums in registers.
#define AIOT_TWELVE(step) \
  step(0) step(1) step(2) step(3) step(4) step(5) step(6) step(7) step(8) step(9) step(10) step(11)

namespace aiot::inference {
namespace {

using Clock = std::chrono::steady_clock;

/// Sums that do not wait for each other: as many as hide the latency of a multiply-add on two
/// pipes, and as the registers hold.
constexpr int sums = 12;
constexpr int rounds = 2000;

/// Multiplications in one call of the function.
struct Loop {
  void (*run)() = nullptr;
  double macs = 0;
};

void scalar_int() {
  std::array<std::int32_t, 4> sum{};
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

void scalar_float() {
  std::array<float, sums> sum{};
  float a = 0.5F;
  float b = 1.0F;
  for (int i = 0; i < rounds; ++i) {
    for (auto& s : sum) {
#if defined(__x86_64__) || defined(__aarch64__)
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

#if defined(__x86_64__)
__attribute__((target("avx2"))) void avx2_int() {
  // An addition takes one cycle: few sums do, and the products need registers, too.
  __m256i sum[sums / 2] = {};
  __m256i a = _mm256_set1_epi16(3);
  const __m256i b = _mm256_set1_epi16(5);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k)                                                  \
  AIOT_KEEP(a);                                                       \
  sum[k / 2] = _mm256_add_epi32(sum[k / 2], _mm256_madd_epi16(a, b)); \
  AIOT_KEEP(sum[k / 2]);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
}

__attribute__((target("avx2,fma"))) void avx2_float() {
  __m256 sum[sums] = {};
  __m256 a = _mm256_set1_ps(0.5F);
  const __m256 b = _mm256_set1_ps(1.0F);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k) sum[k] = _mm256_fmadd_ps(a, b, sum[k]);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
  for (auto& s : sum) AIOT_KEEP(s);
}

__attribute__((target("avx2,avxvnni"))) void avx_vnni_int() {
  __m256i sum[sums] = {};
  const __m256i a = _mm256_set1_epi8(3);
  const __m256i b = _mm256_set1_epi8(5);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k) sum[k] = _mm256_dpbusd_avx_epi32(sum[k], a, b);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
  for (auto& s : sum) AIOT_KEEP(s);
}

#define AIOT_KEEP_512(x) asm volatile("" : "+v"(x))
__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"))) void avx512_vnni_int() {
  __m512i sum[sums] = {};
  const __m512i a = _mm512_set1_epi8(3);
  const __m512i b = _mm512_set1_epi8(5);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k) sum[k] = _mm512_dpbusd_epi32(sum[k], a, b);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
  for (auto& s : sum) AIOT_KEEP_512(s);
}

__attribute__((target("avx512f"))) void avx512_float() {
  __m512 sum[sums] = {};
  const __m512 a = _mm512_set1_ps(0.5F);
  const __m512 b = _mm512_set1_ps(1.0F);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k) sum[k] = _mm512_fmadd_ps(a, b, sum[k]);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
  for (auto& s : sum) AIOT_KEEP_512(s);
}
#elif defined(__aarch64__)
void neon_int() {
  int32x4_t sum[sums] = {};
  int16x4_t a = vdup_n_s16(3);
  const int16x4_t b = vdup_n_s16(5);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k) sum[k] = vmlal_s16(sum[k], a, b);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
  for (auto& s : sum) AIOT_KEEP(s);
}

__attribute__((target("arch=armv8.2-a+dotprod"))) void neon_dot_int() {
  int32x4_t sum[sums] = {};
  const int8x16_t a = vdupq_n_s8(3);
  const int8x16_t b = vdupq_n_s8(5);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k) sum[k] = vdotq_s32(sum[k], a, b);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
  for (auto& s : sum) AIOT_KEEP(s);
}

void neon_float() {
  float32x4_t sum[sums] = {};
  const float32x4_t a = vdupq_n_f32(0.5F);
  const float32x4_t b = vdupq_n_f32(1.0F);
  for (int i = 0; i < rounds; ++i) {
#define AIOT_STEP(k) sum[k] = vfmaq_f32(sum[k], a, b);
    AIOT_TWELVE(AIOT_STEP)
#undef AIOT_STEP
  }
  for (auto& s : sum) AIOT_KEEP(s);
}
#endif

struct Loops {
  Loop int8{scalar_int, 4.0 * rounds};
  Loop floats{scalar_float, double{sums} * rounds};
};
Loops loops_of(Isa isa) {
  constexpr double once = double{sums} * rounds;
  switch (isa) {
#if defined(__x86_64__)
    case Isa::avx2: return {{avx2_int, once * 16}, {avx2_float, once * 8}};
    case Isa::avx_vnni: return {{avx_vnni_int, once * 32}, {avx2_float, once * 8}};
    case Isa::avx512_vnni: return {{avx512_vnni_int, once * 64}, {avx512_float, once * 16}};
#elif defined(__aarch64__)
    case Isa::neon: return {{neon_int, once * 4}, {neon_float, once * 4}};
    case Isa::neon_dot: return {{neon_dot_int, once * 16}, {neon_float, once * 4}};
#endif
    default: return {};
  }
}

/// The best of what pieces of work come to a second, for as long as `duration`.
template <class Piece>
double best_rate(std::chrono::nanoseconds duration, double work, const Piece& piece) {
  double best = 0;
  const auto end = Clock::now() + duration;
  do {
    const auto before = Clock::now();
    piece();
    const double took = std::chrono::duration<double>(Clock::now() - before).count();
    if (took > 0) best = std::max(best, work / took);
  } while (Clock::now() < end);
  return best;
}

double read_rate(std::chrono::nanoseconds duration) {
  constexpr std::size_t bytes = 64U << 20;
  constexpr std::size_t piece_words = (4U << 20) / sizeof(std::uint64_t);
  const std::vector<std::uint64_t> words(bytes / sizeof(std::uint64_t), 1);
  std::size_t at = 0;
  std::uint64_t sum = 0;
  const double rate = best_rate(duration, double{piece_words} * sizeof(std::uint64_t), [&] {
    // Several sums: one would be limited by the latency of its additions.
    std::array<std::uint64_t, 8> parts{};
    for (std::size_t i = 0; i < piece_words; i += parts.size()) {
      for (std::size_t k = 0; k < parts.size(); ++k) parts[k] += words[at + i + k];
    }
    for (const std::uint64_t part : parts) sum += part;
    // The next piece: this one is in the cache now.
    at = (at + piece_words) % words.size();
  });
  AIOT_KEEP_GENERAL(sum);
  return rate;
}

}  // namespace

Peak measure_peak(Isa isa, std::chrono::nanoseconds duration) {
  const Loops loops = loops_of(isa);
  Peak peak;
  peak.int8_macs_per_s = best_rate(duration / 3, loops.int8.macs, loops.int8.run);
  peak.float_macs_per_s = best_rate(duration / 3, loops.floats.macs, loops.floats.run);
  peak.bytes_per_s = read_rate(duration / 3);
  return peak;
}

}  // namespace aiot::inference
