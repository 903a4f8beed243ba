#pragma once

#include "inference/fast/x86_256.hpp"

namespace aiot::inference::fast {
namespace {

/// int16 elements with the zero point off: vpmaddwd sums a pair of products into each lane, sixteen
/// in all, and cannot overflow (|element| <= 255, |doubled weight| <= 256). A pair for all lanes is
/// one load.
struct Avx2 : Sums256 {
  using Element = std::int16_t;
  using Weight = std::int16_t;
  using TapWeight = std::int16_t;
  using Packed = __m256i;
  static constexpr int group = 2;
  static constexpr int taps = 2;
  static constexpr int most_rows = 4;
  static constexpr int most_rows_of_one = 8;
  static constexpr int most_depthwise_rows = 2;

  static __m256i pick(const Element* p) {
    std::int32_t pair;
    __builtin_memcpy(&pair, p, sizeof pair);
    return _mm256_set1_epi32(pair);
  }
  static Packed packed(const Weight* p) { return load_256(p); }
  static Sum mac(Sum sum, __m256i x, Packed w) {
    // The sum stays in its register: g++ 12 moves sums about, and six rows of them to the stack.
    const __m256i products = _mm256_madd_epi16(x, w);
    asm("vpaddd %1, %0, %0" : "+x"(sum) : "x"(products));
    return sum;
  }
  static Sum as_sum(Sum x) { return _mm256_add_epi32(x, x); }

  static void widen(const Element* p, Sum (&x)[2]) {
    const __m256i v = load_256(p);
    const __m256i sign = _mm256_srai_epi16(v, 15);
    x[0] = _mm256_unpacklo_epi16(v, sign);
    x[1] = _mm256_unpackhi_epi16(v, sign);
  }

  static void tap_mac(Sum (&sums)[2], const Element* from, const std::int32_t* offsets,
                      const TapWeight* w) {
    const __m256i a = load_256(from + offsets[0]);
    const __m256i b = load_256(from + offsets[1]);
    sums[0] = mac(sums[0], _mm256_unpacklo_epi16(a, b), load_256(w));
    sums[1] = mac(sums[1], _mm256_unpackhi_epi16(a, b), load_256(w + 16));
  }

  /// Stores what was scaled, clamped.
  struct Clamp {
    __m256i lowest, highest;

    explicit Clamp(const Scaling& s)
        : lowest(_mm256_set1_epi16(static_cast<short>(s.lowest))),
          highest(_mm256_set1_epi16(static_cast<short>(s.highest))) {}

    __m256i clamped(__m256i x) const {
      return _mm256_min_epi16(_mm256_max_epi16(x, lowest), highest);
    }
    void store(Element* out, const Sum (&x)[2], int count) const {
      const __m256i y = clamped(_mm256_packs_epi32(x[0], x[1]));
      if (count == 16) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), y);
        return;
      }
      if (count == 8) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm256_castsi256_si128(y));
        return;
      }
      alignas(32) Element some[16];
      _mm256_store_si256(reinterpret_cast<__m256i*>(some), y);
      store_some(out, some, count);
    }
    void store(Element* out, const Sum (&x)[1], int count) const {
      const __m128i narrow =
          _mm_packs_epi32(_mm256_castsi256_si128(x[0]), _mm256_extracti128_si256(x[0], 1));
      const __m128i y = _mm256_castsi256_si128(clamped(_mm256_castsi128_si256(narrow)));
      if (count == 8) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), y);
        return;
      }
      alignas(16) Element some[8];
      _mm_store_si128(reinterpret_cast<__m128i*>(some), y);
      store_some(out, some, count);
    }
  };
  template <bool Plain>
  struct ScalerOf : Scaler256<Plain>, Clamp {
    ScalerOf(const Scaling& s, int channel) : Scaler256<Plain>(s, channel), Clamp(s) {}
  };
  using Scaler = ScalerOf<false>;
  using PlainScaler = ScalerOf<true>;
};

}  // namespace
}  // namespace aiot::inference::fast
