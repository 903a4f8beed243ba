#pragma once

// Put in front of lib/inference/fast/avx512_vnni.cpp: AVX512's types and instructions by SIMDe, and
// the few that its version in Debian 12 does not have, after the Intel intrinsics guide.

#include <immintrin.h>
#define SIMDE_X86_AVX512F_ENABLE_NATIVE_ALIASES
#define SIMDE_X86_AVX512VNNI_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>

#include <algorithm>

namespace simde_gaps {

template <class What>
simde__m512i each(simde__m512i a, simde__m512i b, const What& what) {
  auto x = simde__m512i_to_private(a);
  const auto y = simde__m512i_to_private(b);
  for (int i = 0; i < 16; ++i) x.i32[i] = what(x.i32[i], y.i32[i]);
  return simde__m512i_from_private(x);
}

inline simde__m512i sllv(simde__m512i a, simde__m512i count) {
  return each(a, count, [](std::int32_t x, std::int32_t n) {
    const auto by = static_cast<std::uint32_t>(n);
    return by > 31 ? 0 : static_cast<std::int32_t>(static_cast<std::uint32_t>(x) << by);
  });
}
inline simde__m512i srav(simde__m512i a, simde__m512i count) {
  return each(a, count, [](std::int32_t x, std::int32_t n) {
    return x >> std::min(static_cast<std::uint32_t>(n), 31U);
  });
}
inline simde__m512i srai(simde__m512i a, unsigned count) {
  return each(a, a, [&](std::int32_t x, std::int32_t) { return x >> std::min(count, 31U); });
}
inline simde__m512i cvtepu8_epi32(__m128i bytes) {
  alignas(16) std::uint8_t from[16];
  _mm_store_si128(reinterpret_cast<__m128i*>(from), bytes);
  auto x = simde__m512i_to_private(simde_mm512_setzero_si512());
  for (int i = 0; i < 16; ++i) x.i32[i] = from[i];
  return simde__m512i_from_private(x);
}
inline __m128i cvtepi32_epi8(simde__m512i a) {
  const auto x = simde__m512i_to_private(a);
  alignas(16) std::uint8_t to[16];
  for (int i = 0; i < 16; ++i) to[i] = static_cast<std::uint8_t>(x.i32[i]);
  return _mm_load_si128(reinterpret_cast<const __m128i*>(to));
}
template <class Vector>
void mask_store(void* to, std::uint32_t mask, Vector bytes) {
  std::uint8_t from[sizeof bytes];
  __builtin_memcpy(from, &bytes, sizeof bytes);
  for (unsigned i = 0; i < sizeof bytes; ++i) {
    if (((mask >> i) & 1U) != 0) static_cast<std::uint8_t*>(to)[i] = from[i];
  }
}

}  // namespace simde_gaps

#define __m512i simde__m512i
#define __mmask16 simde__mmask16
#define __mmask32 simde__mmask32
#define _mm512_sllv_epi32 simde_gaps::sllv
#define _mm512_srav_epi32 simde_gaps::srav
#define _mm512_srai_epi32 simde_gaps::srai
#define _mm512_cvtepu8_epi32 simde_gaps::cvtepu8_epi32
#define _mm512_cvtepi32_epi8 simde_gaps::cvtepi32_epi8
#define _mm256_mask_storeu_epi8 simde_gaps::mask_store
#define _mm_mask_storeu_epi8 simde_gaps::mask_store
