#include "inference/peak.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace aiot::inference {
namespace peak {
namespace {

/// Multiply-adds on registers, and nothing else; `macs` of them in one call.
struct Loop {
  void (*run)();
  double macs;
};
struct Loops {
  Loop int8;
  Loop floats;
};

/// Sums that do not wait for each other: as many as hide the latency of a multiply-add on two
/// pipes, and as the registers hold.
constexpr int sums = 12;
constexpr int rounds = 2000;
/// Multiply-adds in one call; each is as many multiplications as its vector has products.
constexpr double steps = double{sums} * rounds;

// Keeps a register's value from being known, so that what looks equal, or constant, is computed all
// the same. Costs nothing.
#define AIOT_KEEP(kind, x) asm volatile("" : "+" kind(x))

// Written out, since indices that are known from the start are what keeps sums in registers.
#define AIOT_TWELVE(step) \
  step(0) step(1) step(2) step(3) step(4) step(5) step(6) step(7) step(8) step(9) step(10) step(11)

// A loop that sums products of `a` and `b` in `count` registers of a kind ("x", "w", …).
#define AIOT_LOOP(name, target, kind, Vector, count, first, second, step) \
  target void name() {                                                    \
    Vector sum[count] = {};                                               \
    auto a = first;                                                       \
    auto b = second;                                                      \
    AIOT_KEEP(kind, a);                                                   \
    AIOT_KEEP(kind, b);                                                   \
    for (int i = 0; i < rounds; ++i) {                                    \
      AIOT_TWELVE(step)                                                   \
    }                                                                     \
  }

#if defined(__x86_64__)
#define AIOT_AVX2 __attribute__((target("avx2,fma")))
#define AIOT_AVX_VNNI __attribute__((target("avx2,fma,avxvnni")))
#define AIOT_AVX512_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

// vpmaddubsw, and sums of 16 bits, as fully connected layers have them; a convolution widens its
// weights to 16 bits, and comes to half of that. An addition takes one cycle: few sums do, and the
// products need registers, too.
#define AIOT_STEP(k)                                                     \
  AIOT_KEEP("x", a);                                                     \
  sum[k / 2] = _mm256_add_epi16(sum[k / 2], _mm256_maddubs_epi16(a, b)); \
  AIOT_KEEP("x", sum[k / 2]);
AIOT_LOOP(avx2_int8, AIOT_AVX2, "x", __m256i, sums / 2, _mm256_set1_epi8(3), _mm256_set1_epi8(5),
          AIOT_STEP)
#undef AIOT_STEP

// FMA, which each CPU with AVX2 has.
#define AIOT_STEP(k)                      \
  sum[k] = _mm256_fmadd_ps(a, b, sum[k]); \
  AIOT_KEEP("x", sum[k]);
AIOT_LOOP(avx2_floats, AIOT_AVX2, "x", __m256, sums, _mm256_set1_ps(0.5F), _mm256_set1_ps(1.0F),
          AIOT_STEP)
#undef AIOT_STEP

#define AIOT_STEP(k)                              \
  sum[k] = _mm256_dpbusd_avx_epi32(sum[k], a, b); \
  AIOT_KEEP("x", sum[k]);
AIOT_LOOP(avx_vnni_int8, AIOT_AVX_VNNI, "x", __m256i, sums, _mm256_set1_epi8(3),
          _mm256_set1_epi8(5), AIOT_STEP)
#undef AIOT_STEP

#define AIOT_STEP(k)                          \
  sum[k] = _mm512_dpbusd_epi32(sum[k], a, b); \
  AIOT_KEEP("v", sum[k]);
AIOT_LOOP(avx512_vnni_int8, AIOT_AVX512_VNNI, "v", __m512i, sums, _mm512_set1_epi8(3),
          _mm512_set1_epi8(5), AIOT_STEP)
#undef AIOT_STEP

#define AIOT_STEP(k)                      \
  sum[k] = _mm512_fmadd_ps(a, b, sum[k]); \
  AIOT_KEEP("v", sum[k]);
AIOT_LOOP(avx512_floats, AIOT_AVX512_VNNI, "v", __m512, sums, _mm512_set1_ps(0.5F),
          _mm512_set1_ps(1.0F), AIOT_STEP)
#undef AIOT_STEP
#define AIOT_FLOAT_KIND "x"

#elif defined(__aarch64__)

#define AIOT_STEP(k)                \
  sum[k] = vmlal_s16(sum[k], a, b); \
  AIOT_KEEP("w", sum[k]);
AIOT_LOOP(neon_int8, , "w", int32x4_t, sums, vdup_n_s16(3), vdup_n_s16(5), AIOT_STEP)
#undef AIOT_STEP

#define AIOT_STEP(k)                \
  sum[k] = vdotq_s32(sum[k], a, b); \
  AIOT_KEEP("w", sum[k]);
AIOT_LOOP(neon_dot_int8, __attribute__((target("arch=armv8.2-a+dotprod"))), "w", int32x4_t, sums,
          vdupq_n_s8(3), vdupq_n_s8(5), AIOT_STEP)
#undef AIOT_STEP

#define AIOT_STEP(k)                \
  sum[k] = vfmaq_f32(sum[k], a, b); \
  AIOT_KEEP("w", sum[k]);
AIOT_LOOP(neon_floats, , "w", float32x4_t, sums, vdupq_n_f32(0.5F), vdupq_n_f32(1.0F), AIOT_STEP)
#undef AIOT_STEP
#define AIOT_FLOAT_KIND "w"

#else
#define AIOT_FLOAT_KIND "r"
#endif

constexpr int int_sums = 4;  // an addition takes one cycle
#define AIOT_STEP(k)          \
  AIOT_KEEP("r", a);          \
  AIOT_KEEP("r", b);          \
  sum[k % int_sums] += a * b; \
  AIOT_KEEP("r", sum[k % int_sums]);
AIOT_LOOP(scalar_int8, , "r", std::int32_t, int_sums, 3, 5, AIOT_STEP)
#undef AIOT_STEP

#define AIOT_STEP(k)             \
  AIOT_KEEP(AIOT_FLOAT_KIND, a); \
  AIOT_KEEP(AIOT_FLOAT_KIND, b); \
  sum[k] += a * b;               \
  AIOT_KEEP(AIOT_FLOAT_KIND, sum[k]);
AIOT_LOOP(scalar_floats, , AIOT_FLOAT_KIND, float, sums, 0.5F, 1.0F, AIOT_STEP)
#undef AIOT_STEP

Loops loops_of(Isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case Isa::avx2: return {{avx2_int8, steps * 32}, {avx2_floats, steps * 8}};
    case Isa::avx_vnni: return {{avx_vnni_int8, steps * 32}, {avx2_floats, steps * 8}};
    case Isa::avx512_vnni: return {{avx512_vnni_int8, steps * 64}, {avx512_floats, steps * 16}};
#elif defined(__aarch64__)
    case Isa::neon: return {{neon_int8, steps * 4}, {neon_floats, steps * 4}};
    case Isa::neon_dot: return {{neon_dot_int8, steps * 16}, {neon_floats, steps * 4}};
#endif
    default: return {{scalar_int8, steps}, {scalar_floats, steps}};
  }
}

using Clock = std::chrono::steady_clock;

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
  AIOT_KEEP("r", sum);
  return rate;
}

}  // namespace
}  // namespace peak

Peak measure_peak(Isa isa, std::chrono::nanoseconds duration) {
  const peak::Loops loops = peak::loops_of(isa);
  Peak best;
  best.int8_macs_per_s = peak::best_rate(duration / 3, loops.int8.macs, loops.int8.run);
  best.float_macs_per_s = peak::best_rate(duration / 3, loops.floats.macs, loops.floats.run);
  best.bytes_per_s = peak::read_rate(duration / 3);
  return best;
}

}  // namespace aiot::inference
