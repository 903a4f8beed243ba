#include "inference/fast/x86.hpp"

namespace aiot::inference::fast {

namespace {

/// Eight lanes.
struct AvxVnni : Sums256, RaisedBytes {
  using Packed = __m256i;
  static constexpr int most_rows = 6;
  static constexpr int most_rows_of_one = 8;
  static constexpr int most_depthwise_rows = 2;

  static __m256i pick(const Element* p) { return _mm256_set1_epi32(four(p)); }
  static Packed packed(const Weight* p) { return load_256(p); }
  static Sum mac(Sum sum, __m256i x, Packed w) { return _mm256_dpbusd_avx_epi32(sum, x, w); }

  static void widen(const Element* p, Sum (&x)[2]) {
    const __m256i v = _mm256_cvtepu8_epi16(load_128(p));
    x[0] = _mm256_unpacklo_epi16(v, _mm256_setzero_si256());
    x[1] = _mm256_unpackhi_epi16(v, _mm256_setzero_si256());
  }

  /// Channels 0 to 7 of both in turn, then 8 to 15.
  static __m256i pairs(const Element* p, const Element* q) {
    const __m128i a = load_128(p);
    const __m128i b = load_128(q);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_unpacklo_epi8(a, b)),
                                   _mm_unpackhi_epi8(a, b), 1);
  }
  static void tap_mac(Sum (&sums)[2], const Element* from, const std::int32_t* offsets,
                      const TapWeight* w) {
    const __m256i ab = pairs(from + offsets[0], from + offsets[1]);
    const __m256i cd = pairs(from + offsets[2], from + offsets[3]);
    sums[0] = mac(sums[0], _mm256_unpacklo_epi16(ab, cd), load_256(w));
    sums[1] = mac(sums[1], _mm256_unpackhi_epi16(ab, cd), load_256(w + 32));
  }

  template <bool Plain>
  struct ScalerOf : Scaler256<Plain> {
    __m256i offset;
    __m128i lowest, highest;

    ScalerOf(const Scaling& s, int channel)
        : Scaler256<Plain>(s, channel),
          offset(_mm256_set1_epi16(static_cast<short>(s.offset))),
          lowest(_mm_set1_epi8(static_cast<char>(s.lowest))),
          highest(_mm_set1_epi8(static_cast<char>(s.highest))) {}

    __m256i scaled(Sum x, int n) const {
      return Scaler256<Plain>::scaled(_mm256_add_epi32(x, x), n);
    }
    /// Sixteen values less the offset, saturated at 16 bits.
    void store_values(Element* out, __m256i values, int count) const {
      const __m256i raised = _mm256_adds_epi16(values, offset);
      __m128i y =
          _mm_packus_epi16(_mm256_castsi256_si128(raised), _mm256_extracti128_si256(raised, 1));
      y = _mm_min_epu8(_mm_max_epu8(y, lowest), highest);
      if (count == 16) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), y);
      } else if (count == 8) {
        _mm_storel_epi64(reinterpret_cast<__m128i*>(out), y);
      } else {
        alignas(16) Element some[16];
        _mm_store_si128(reinterpret_cast<__m128i*>(some), y);
        store_some(out, some, count);
      }
    }
    void store(Element* out, const Sum (&x)[2], int count) const {
      store_values(out, _mm256_packs_epi32(x[0], x[1]), count);
    }
    void store(Element* out, const Sum (&x)[1], int count) const {
      store_values(out,
                   _mm256_castsi128_si256(_mm_packs_epi32(_mm256_castsi256_si128(x[0]),
                                                          _mm256_extracti128_si256(x[0], 1))),
                   count);
    }
  };
  using Scaler = ScalerOf<false>;
  using PlainScaler = ScalerOf<true>;
};

}  // namespace

const Kernels avx_vnni_kernels = table_of<AvxVnni, Reals256>();

}  // namespace aiot::inference::fast
