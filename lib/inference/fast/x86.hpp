#pragma once

#include <immintrin.h>

#include "inference/fast/table.hpp"

namespace aiot::inference::fast {
namespace {

/// Lanes 0 to 7 and 8 to 15 of these two vectors are narrowed by the packing instructions, half by
/// half, into the natural order of sixteen channels.
constexpr std::uint8_t order_256[16] = {0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15};

inline __m256i load_256(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
inline __m128i load_128(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }

using Reals256 = Reals<32, 4, 8, 4>;

struct Sums256 {
  using Sum = __m256i;
  using Scaling = fast::Scaling;
  static constexpr int lanes = 8;
  static constexpr int vectors = 2;
  static constexpr const std::uint8_t* order = order_256;

  static Sum load(const std::int32_t* p) { return load_256(p); }
  static void store(std::int32_t* p, Sum x) { _mm256_storeu_si256(reinterpret_cast<Sum*>(p), x); }
  static Sum add(Sum a, Sum b) { return _mm256_add_epi32(a, b); }
  static Sum less(Sum a, Sum b) { return _mm256_sub_epi32(a, b); }
  static Sum times(Sum a, Sum b) { return _mm256_mullo_epi32(a, b); }
  static Sum all(std::int32_t x) { return _mm256_set1_epi32(x); }
  template <int N>
  static Sum shifted(Sum x) {
    return _mm256_slli_epi32(x, N);
  }
};

/// A block's factors, as the multiplication needs them. With s the doubled sum, m the multiplier
/// and e the right shift, kernel::multiply() is
///
///     (high 32 bits of (s * m + 2^31) + 2^(e-1) - (s < 0)) >> e        (no - and no + when e is 0)
///
/// where 2^(e-1) can be added before the high half is taken, and the sign of the sum may stand for
/// the sign of the rounded product: where they differ that product is 0, and so is the result. The
/// doubled sum is below 2^31 - or this kernel is not taken -, so nothing here overflows.
/// `Plain`: no channel is shifted to the left, and each to the right.
template <bool Plain>
struct Scaler256 {
  __m256i even[2], odd[2];          ///< multipliers
  __m256i add_even[2], add_odd[2];  ///< 2^31 + (2^(e-1) << 32)
  __m256i right[2], left[2], sign[2];
  bool shifts_left, some_unshifted;

  Scaler256(const Scaling& s, int channel)
      : shifts_left(s.left != nullptr), some_unshifted(s.some_unshifted) {
    const __m256i low = _mm256_set1_epi64x(0xffffffff);
    const __m256i nudge = _mm256_set1_epi64x(1LL << 31);
    for (int n = 0; n < 2; ++n) {
      const int at = channel + 8 * n;
      even[n] = load_256(s.multiplier + at);
      odd[n] = _mm256_srli_epi64(even[n], 32);
      right[n] = load_256(s.right + at);
      const __m256i one = _mm256_set1_epi32(1);
      // A shift by -1, where the right shift is 0, gives 0.
      const __m256i half = _mm256_sllv_epi32(one, _mm256_sub_epi32(right[n], one));
      add_even[n] = _mm256_add_epi64(_mm256_slli_epi64(half, 32), nudge);
      add_odd[n] = _mm256_add_epi64(_mm256_andnot_si256(low, half), nudge);
      sign[n] = _mm256_cmpgt_epi32(right[n], _mm256_setzero_si256());
      left[n] = shifts_left ? load_256(s.left + at) : _mm256_setzero_si256();
    }
  }

  /// One vector of doubled sums.
  __m256i scaled(__m256i s, int n) const {
    if (!Plain && shifts_left) s = _mm256_sllv_epi32(s, left[n]);
    __m256i e = _mm256_add_epi64(_mm256_mul_epi32(s, even[n]), add_even[n]);
    const __m256i o =
        _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(s, 32), odd[n]), add_odd[n]);
    e = _mm256_srli_epi64(e, 32);
    __m256i below = _mm256_srai_epi32(s, 31);
    if (!Plain && some_unshifted) below = _mm256_and_si256(below, sign[n]);
    return _mm256_srav_epi32(_mm256_add_epi32(_mm256_blend_epi32(e, o, 0xaa), below), right[n]);
  }
};

/// Scaler256::scaled() for eight channels from `at` on, where it is for one vector only that
/// factors are loaded.
inline __m256i scaled_once(const Scaling& t, int at, __m256i s) {
  const __m256i one = _mm256_set1_epi32(1);
  const __m256i nudge = _mm256_set1_epi64x(1LL << 31);
  if (t.left != nullptr) s = _mm256_sllv_epi32(s, load_256(t.left + at));
  const __m256i m = load_256(t.multiplier + at);
  const __m256i right = load_256(t.right + at);
  const __m256i e = _mm256_add_epi64(_mm256_mul_epi32(s, m), nudge);
  const __m256i o =
      _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(s, 32), _mm256_srli_epi64(m, 32)), nudge);
  __m256i below = _mm256_srai_epi32(s, 31);
  if (t.some_unshifted) {
    below = _mm256_and_si256(below, _mm256_cmpgt_epi32(right, _mm256_setzero_si256()));
  }
  const __m256i half =
      _mm256_add_epi32(_mm256_sllv_epi32(one, _mm256_sub_epi32(right, one)), below);
  const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(e, 32), o, 0xaa);
  return _mm256_srav_epi32(_mm256_add_epi32(high, half), right);
}

/// Scaler256::scaled() where all channels have one factor, are shifted to the right and not to the
/// left.
struct UniformScaler {
  __m256i multiplier, add;
  __m128i right;

  explicit UniformScaler(const Scaling& t)
      : multiplier(_mm256_set1_epi32(t.multiplier[0])),
        add(_mm256_set1_epi64x((1LL << 31) + (1LL << (32 + t.right[0] - 1)))),
        right(_mm_cvtsi32_si128(t.right[0])) {}

  __m256i scaled(__m256i s) const {
    const __m256i e = _mm256_add_epi64(_mm256_mul_epi32(s, multiplier), add);
    const __m256i o = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(s, 32), multiplier), add);
    const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(e, 32), o, 0xaa);
    return _mm256_sra_epi32(_mm256_add_epi32(high, _mm256_srai_epi32(s, 31)), right);
  }
};

/// uint8 elements: vpdpbusd sums four products into each lane.
struct RaisedBytes {
  using Element = std::uint8_t;
  static constexpr auto kind = fast::Element::raised;
  using Weight = std::int8_t;
  using TapWeight = std::int8_t;
  static constexpr int group = 4;
  static constexpr int taps = 4;

  /// A group of elements.
  static std::int32_t four(const Element* p) {
    std::int32_t elements;
    __builtin_memcpy(&elements, p, sizeof elements);
    return elements;
  }
  template <class Sum>
  static Sum as_sum(Sum x) {
    return x;
  }
};

}  // namespace

}  // namespace aiot::inference::fast
