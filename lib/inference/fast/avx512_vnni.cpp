#include "inference/fast/x86.hpp"

namespace aiot::inference::fast {

namespace {

/// The order in which interleaving the bytes of four pixels leaves 32 channels.
constexpr std::uint8_t order_512[32] = {0,  1,  2,  3,  16, 17, 18, 19, 4,  5,  6,
                                        7,  20, 21, 22, 23, 8,  9,  10, 11, 24, 25,
                                        26, 27, 12, 13, 14, 15, 28, 29, 30, 31};

inline __m512i load_512(const void* p) { return _mm512_loadu_si512(p); }

using Reals512 = Reals<64, 8, 12, 4>;

/// Sixteen lanes.
struct Avx512Vnni : RaisedBytes {
  using Sum = __m512i;
  using Scaling = fast::Scaling;
  using Packed = __m512i;
  static constexpr int lanes = 16;
  static constexpr int vectors = 2;
  static constexpr int most_rows = 8;
  static constexpr int most_rows_of_one = 12;
  static constexpr int most_depthwise_rows = 4;
  static constexpr const std::uint8_t* order = order_512;

  static Sum load(const std::int32_t* p) { return load_512(p); }
  static void store(std::int32_t* p, Sum x) { _mm512_storeu_si512(p, x); }
  static Sum add(Sum a, Sum b) { return _mm512_add_epi32(a, b); }
  static Sum less(Sum a, Sum b) { return _mm512_sub_epi32(a, b); }
  static Sum times(Sum a, Sum b) { return _mm512_mullo_epi32(a, b); }
  static Sum all(std::int32_t x) { return _mm512_set1_epi32(x); }
  template <int N>
  static Sum shifted(Sum x) {
    return _mm512_slli_epi32(x, N);
  }
  static __m512i pick(const Element* p) { return _mm512_set1_epi32(four(p)); }
  static Packed packed(const Weight* p) { return load_512(p); }
  static Sum mac(Sum sum, __m512i x, Packed w) { return _mm512_dpbusd_epi32(sum, x, w); }

  static __m512i both(__m256i low, __m256i high) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  }
  /// Bytes to 32 bits, four at a time out of the natural order into the block's.
  static void widen(const Element* p, Sum (&x)[2]) {
    const __m256i v =
        _mm256_permutevar8x32_epi32(load_256(p), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    x[0] = _mm512_cvtepu8_epi32(_mm256_castsi256_si128(v));
    x[1] = _mm512_cvtepu8_epi32(_mm256_extracti128_si256(v, 1));
  }

  static void tap_mac(Sum (&sums)[2], const Element* from, const std::int32_t* offsets,
                      const TapWeight* w) {
    const __m256i a = load_256(from + offsets[0]);
    const __m256i b = load_256(from + offsets[1]);
    const __m256i c = load_256(from + offsets[2]);
    const __m256i d = load_256(from + offsets[3]);
    const __m256i ab = _mm256_unpacklo_epi8(a, b);
    const __m256i cd = _mm256_unpacklo_epi8(c, d);
    const __m256i ab_high = _mm256_unpackhi_epi8(a, b);
    const __m256i cd_high = _mm256_unpackhi_epi8(c, d);
    sums[0] = mac(sums[0], both(_mm256_unpacklo_epi16(ab, cd), _mm256_unpackhi_epi16(ab, cd)),
                  load_512(w));
    sums[1] =
        mac(sums[1],
            both(_mm256_unpacklo_epi16(ab_high, cd_high), _mm256_unpackhi_epi16(ab_high, cd_high)),
            load_512(w + 64));
  }

  /// As Scaler256, in sixteen lanes.
  template <bool Plain>
  struct ScalerOf {
    __m512i even[2], odd[2], add_even[2], add_odd[2], right[2], left[2];
    __mmask16 shifted_right[2];
    __m512i offset, lowest, highest;
    bool shifts_left;

    ScalerOf(const Scaling& s, int channel)
        : offset(all(s.offset)),
          lowest(all(s.lowest)),
          highest(all(s.highest)),
          shifts_left(s.left != nullptr) {
      const __m512i one = all(1);
      const __m512i nudge = _mm512_set1_epi64(1LL << 31);
      const __m512i low = _mm512_set1_epi64(0xffffffff);
      for (int n = 0; n < 2; ++n) {
        const int at = channel + lanes * n;
        even[n] = load_512(s.multiplier + at);
        odd[n] = _mm512_srli_epi64(even[n], 32);
        right[n] = load_512(s.right + at);
        shifted_right[n] = _mm512_cmpgt_epi32_mask(right[n], _mm512_setzero_si512());
        const __m512i half = _mm512_sllv_epi32(one, _mm512_sub_epi32(right[n], one));
        add_even[n] = _mm512_add_epi64(_mm512_slli_epi64(half, 32), nudge);
        add_odd[n] = _mm512_add_epi64(_mm512_andnot_si512(low, half), nudge);
        left[n] = shifts_left ? load_512(s.left + at) : _mm512_setzero_si512();
      }
    }

    __m512i scaled(__m512i s, int n) const {
      s = _mm512_add_epi32(s, s);
      if (!Plain && shifts_left) s = _mm512_sllv_epi32(s, left[n]);
      const __m512i e = _mm512_add_epi64(_mm512_mul_epi32(s, even[n]), add_even[n]);
      const __m512i o =
          _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(s, 32), odd[n]), add_odd[n]);
      const __m512i high = _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(e, 32), o);
      const __m512i below = _mm512_srai_epi32(s, 31);
      const __m512i rounded = Plain ? _mm512_add_epi32(high, below)
                                    : _mm512_mask_add_epi32(high, shifted_right[n], high, below);
      return _mm512_srav_epi32(rounded, right[n]);
    }
    __m128i bytes(Sum x) const {
      const __m512i y = _mm512_add_epi32(x, offset);
      return _mm512_cvtepi32_epi8(_mm512_min_epi32(_mm512_max_epi32(y, lowest), highest));
    }
    void store(Element* out, const Sum (&x)[2], int count) const {
      const __m256i y = _mm256_permutevar8x32_epi32(
          _mm256_inserti128_si256(_mm256_castsi128_si256(bytes(x[0])), bytes(x[1]), 1),
          _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7));
      const auto mask = static_cast<__mmask32>(0xffffffffU >> (32 - count));
      _mm256_mask_storeu_epi8(out, mask, y);
    }
    void store(Element* out, const Sum (&x)[1], int count) const {
      const auto mask = static_cast<__mmask16>(0xffffU >> (16 - count));
      _mm_mask_storeu_epi8(out, mask, bytes(x[0]));
    }
  };
  using Scaler = ScalerOf<false>;
  using PlainScaler = ScalerOf<true>;
};

#if defined(__AVX512F__)
/// Of a CPU with VBMI: both halves of the table are permuted, and the value's highest bit chooses.
__attribute__((target("avx512vbmi"))) void permute(const std::uint8_t* table,
                                                   const std::uint8_t* from, std::uint8_t* to,
                                                   std::int32_t count) {
  __m512i parts[4];
  for (int n = 0; n < 4; ++n) parts[n] = load_512(table + n * 64);
  for (int i = 0; i < count; i += 64) {
    const __m512i x = load_512(from + i);
    const __m512i low = _mm512_permutex2var_epi8(parts[0], x, parts[1]);
    const __m512i high = _mm512_permutex2var_epi8(parts[2], x, parts[3]);
    const __m512i y = _mm512_mask_blend_epi8(_mm512_movepi8_mask(x), low, high);
    const auto mask = count - i >= 64 ? ~0ULL : (1ULL << (count - i)) - 1;
    _mm512_mask_storeu_epi8(to + i, mask, y);
  }
}

void look_up(const std::uint8_t* table, const std::uint8_t* from, std::uint8_t* to,
             std::int32_t count) {
  if (__builtin_cpu_supports("avx512vbmi")) return permute(table, from, to, count);
  Values<Reals512>::look_up(table, from, to, count);
}
#endif

constexpr Kernels table() {
  Kernels all = table_of<Avx512Vnni, Reals512>();
#if defined(__AVX512F__)
  all.values.look_up = look_up;
#endif
  return all;
}

}  // namespace

const Kernels avx512_vnni_kernels = table();

}  // namespace aiot::inference::fast
