#include "inference/fast/avx2.hpp"

#include "inference/fast/table.hpp"
#include "inference/fast/unrolled.hpp"

namespace aiot::inference::fast {

extern const Kernels avx2_kernels;
void avx2_winograd(const Winograd& t, const Part& part);

namespace {

constexpr int block = 16;

/// Four elements of the input for all lanes, raised to uint8.
__m256i quad(const Dense& t, int index) {
  std::int32_t four;
  __builtin_memcpy(&four, t.input + 4 * index, sizeof four);
  return _mm256_xor_si256(_mm256_set1_epi32(four), _mm256_set1_epi8(-128));
}

/// uint8 times int8: vpmaddubsw saturates sums of two products at 16 bits, and the sums of `G`
/// quads are added in 16 bits too, which packing has made sure to fit (pack.hpp).
template <int G>
__m256i group_mac(__m256i sum, const __m256i* x, const std::int8_t* w) {
  __m256i pairs = _mm256_maddubs_epi16(x[0], load_256(w));
  unrolled<G - 1>([&](auto g) AIOT_INLINE {
    const __m256i more = _mm256_maddubs_epi16(x[g + 1], load_256(w + (g + 1) * 64));
    pairs = _mm256_add_epi16(pairs, more);
  });
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/// Sixteen channels of int8 to the output.
void store_dense(const Dense& t, int channel, __m256i low, __m256i high) {
  const auto all = [](std::int32_t x) { return _mm_set1_epi8(static_cast<char>(x)); };
  const __m256i raise = _mm256_set1_epi16(static_cast<short>(t.scaling.offset));
  const __m256i wide = _mm256_adds_epi16(_mm256_packs_epi32(low, high), raise);
  const __m128i narrow =
      _mm_packs_epi16(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
  const __m128i y =
      _mm_min_epi8(_mm_max_epi8(narrow, all(t.scaling.lowest)), all(t.scaling.highest));
  if (t.channels - channel >= block) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(t.output + channel), y);
    return;
  }
  alignas(16) std::int8_t some[block];
  _mm_store_si128(reinterpret_cast<__m128i*>(some), y);
  store_some(t.output + channel, some, t.channels - channel);
}

/// `B` blocks, `first` and others `apart` from it: each quad of the input is loaded once for all of
/// them.
template <int B, int G, class Scaled>
void dense_blocks(const Dense& t, int first, int apart, const Scaled& scaled) {
  __m256i sums[B][2];
  const std::int8_t* w[B];
  unrolled<B>([&](auto b) AIOT_INLINE {
    const int channel = (first + b * apart) * block;
    w[b] = t.weights + static_cast<std::ptrdiff_t>(channel) * t.quads * 4;
    unrolled<2>([&](auto n)
                    AIOT_INLINE { sums[b][n] = load_256(t.scaling.bias + channel + n * 8); });
  });
  // Four quads at a time, so that a CPU foresees where a short loop ends.
  for (int q = 0; q < t.quads; q += 4) {
    __m256i x[4];
    unrolled<4>([&](auto g) AIOT_INLINE { x[g] = quad(t, q + g); });
    unrolled<B>([&](auto b) AIOT_INLINE {
      unrolled<2>([&](auto n) AIOT_INLINE {
        unrolled<4 / G>([&](auto g) AIOT_INLINE {
          sums[b][n] = group_mac<G>(sums[b][n], x + g * G, w[b] + g * G * 64 + n * 32);
        });
      });
      w[b] += 4 * 64;
    });
  }
  unrolled<B>([&](auto b) AIOT_INLINE {
    const int index = first + b * apart;
    for (int e = index == 0 ? 0 : t.extra_ends[index - 1]; e < t.extra_ends[index]; ++e) {
      const __m256i x = quad(t, t.extra_quads[e]);
      const auto* extra = t.extra_weights + static_cast<std::ptrdiff_t>(e) * 64;
      unrolled<2>([&](auto n)
                      AIOT_INLINE { sums[b][n] = group_mac<1>(sums[b][n], &x, extra + n * 32); });
    }
    const int channel = index * block;
    store_dense(t, channel, scaled(channel, Avx2::as_sum(sums[b][0])),
                scaled(channel + 8, Avx2::as_sum(sums[b][1])));
  });
}

/// The blocks of a part: two streams of weights, each without a gap, so that the cache reads ahead
/// of them.
template <int G, class Scaled>
void dense_part(const Dense& t, const Part& part, const Scaled& scaled) {
  const int half = (part.block_end - part.block_begin) / 2;
  const int middle = part.block_begin + half;
  for (int b = part.block_begin; b < middle; ++b) dense_blocks<2, G>(t, b, half, scaled);
  if (middle + half < part.block_end) dense_blocks<1, G>(t, middle + half, 0, scaled);
}

template <class Scaled>
void dense_by(const Dense& t, const Part& part, const Scaled& scaled) {
  switch (t.group) {
    case 1: return dense_part<1>(t, part, scaled);
    case 2: return dense_part<2>(t, part, scaled);
    default: return dense_part<4>(t, part, scaled);
  }
}

void dense(const Dense& t, const Part& part) {
  if (part.row_begin == part.row_end || part.block_begin == part.block_end) return;
  if (t.scaling.uniform && Loops<Avx2>::is_plain(t.scaling)) {
    const UniformScaler uniform(t.scaling);
    dense_by(t, part, [&](int /*channel*/, __m256i s) AIOT_INLINE { return uniform.scaled(s); });
  } else {
    dense_by(t, part, [&](int channel, __m256i s) AIOT_INLINE {
      return scaled_once(t.scaling, channel, s);
    });
  }
}

void take(const std::int8_t* from, void* to, std::int32_t count, std::int32_t zero_point) {
  auto* out = static_cast<std::int16_t*>(to);
  const __m256i zero = _mm256_set1_epi16(static_cast<short>(zero_point));
  int i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m256i x = _mm256_sub_epi16(_mm256_cvtepi8_epi16(load_128(from + i)), zero);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), x);
  }
  for (; i < count; ++i) out[i] = static_cast<std::int16_t>(from[i] - zero_point);
}

void give(const void* from, std::int8_t* to, std::int32_t count, std::int32_t zero_point) {
  const auto* in = static_cast<const std::int16_t*>(from);
  for (int i = 0; i < count; ++i) to[i] = static_cast<std::int8_t>(in[i] + zero_point);
}

constexpr Kernels table() {
  Kernels all = table_of<Avx2>(Element::centred, take, give);
  all.weight_factor = 2;
  all.dense = dense;
  all.winograd = avx2_winograd;
  return all;
}

}  // namespace

const Kernels avx2_kernels = table();

}  // namespace aiot::inference::fast
