#include "inference/fast/avx2.hpp"

#include "inference/fast/loops.hpp"
#include "inference/fast/unrolled.hpp"

namespace aiot::inference::fast {

extern const Kernels avx2_kernels;
void avx2_winograd(const Winograd& t, const Part& part);

namespace {

constexpr int block = 16;

/// The input raised to uint8, sixteen at a time; what is beyond it becomes 0, as its weights are.
void raise_input(const Dense& t) {
  const auto* from = static_cast<const std::int16_t*>(t.input);
  const __m256i raise = _mm256_set1_epi16(static_cast<short>(t.raise));
  int i = 0;
  for (; i + 16 <= t.depth; i += 16) {
    const __m256i x = _mm256_add_epi16(load_256(from + i), raise);
    const __m128i y = _mm_packus_epi16(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(t.raised + i), y);
  }
  for (; i < t.depth; ++i) t.raised[i] = static_cast<std::uint8_t>(from[i] + t.raise);
  for (; i < 4 * t.quads; ++i) t.raised[i] = 0;
}

__m256i quad(const Dense& t, int index) {
  std::int32_t four;
  __builtin_memcpy(&four, t.raised + 4 * index, sizeof four);
  return _mm256_set1_epi32(four);
}

/// uint8 times int8: vpmaddubsw saturates sums of two products at 16 bits, which packing has ruled
/// out (pack.hpp: what would is halved, and its second half done as an extra quad).
__m256i quad_mac(__m256i sum, __m256i x, const std::int8_t* w) {
  const __m256i pairs = _mm256_maddubs_epi16(x, load_256(w));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/// The sums of `B` blocks, `first` and others `apart` from it: each quad of the input is loaded
/// once for all of them.
template <int B>
void dense_sums(const Dense& t, int first, int apart, std::int32_t* to) {
  __m256i sums[B][2];
  const std::int8_t* w[B];
  unrolled<B>([&](auto b) AIOT_INLINE {
    const int channel = (first + b * apart) * block;
    w[b] = t.weights + static_cast<std::ptrdiff_t>(channel) * t.quads * 4;
    unrolled<2>([&](auto n)
                    AIOT_INLINE { sums[b][n] = load_256(t.scaling.bias + channel + n * 8); });
  });
  for (int q = 0; q < t.quads; ++q) {
    const __m256i x = quad(t, q);
    unrolled<B>([&](auto b) AIOT_INLINE {
      unrolled<2>([&](auto n) AIOT_INLINE { sums[b][n] = quad_mac(sums[b][n], x, w[b] + n * 32); });
      w[b] += 64;
    });
  }
  unrolled<B>([&](auto b) AIOT_INLINE {
    const int index = first + b * apart;
    for (int e = index == 0 ? 0 : t.extra_ends[index - 1]; e < t.extra_ends[index]; ++e) {
      const __m256i x = quad(t, t.extra_quads[e]);
      const auto* extra = t.extra_weights + static_cast<std::ptrdiff_t>(e) * 64;
      unrolled<2>([&](auto n)
                      AIOT_INLINE { sums[b][n] = quad_mac(sums[b][n], x, extra + n * 32); });
    }
    unrolled<2>([&](auto n)
                    AIOT_INLINE { Avx2::store(to + b * apart * block + n * 8, sums[b][n]); });
  });
}

void dense(const Dense& t, const Part& part) {
  if (part.row_begin == part.row_end) return;
  constexpr int at_a_time = 32;
  alignas(32) std::int32_t sums[at_a_time * block];
  const Avx2::Clamp range(t.scaling);
  for (int begin = part.block_begin; begin < part.block_end; begin += at_a_time) {
    const int end = begin + at_a_time < part.block_end ? begin + at_a_time : part.block_end;
    // Two streams of weights, each without a gap: the cache reads ahead of them.
    const int half = (end - begin) / 2;
    int b = begin;
    for (; b < begin + half; ++b) dense_sums<2>(t, b, half, sums + (b - begin) * block);
    if ((end - begin) % 2 != 0) dense_sums<1>(t, end - 1, 0, sums + (end - 1 - begin) * block);
    // Scaled together: one block's would keep the next one's weights waiting.
    for (b = begin; b < end; ++b) {
      const int channel = b * block;
      const auto* from = sums + (b - begin) * block;
      const __m256i values[2] = {
          scaled_once(t.scaling, channel, Avx2::as_sum(load_256(from))),
          scaled_once(t.scaling, channel + 8, Avx2::as_sum(load_256(from + 8)))};
      const int left = t.channels - channel;
      range.store(static_cast<std::int16_t*>(t.output) + channel, values,
                  left < block ? left : block);
    }
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

}  // namespace

const Kernels avx2_kernels = {
    .element = Element::centred,
    .element_bytes = 2,
    .weight_bytes = 2,
    .weight_factor = 2,
    .lanes = Avx2::lanes,
    .vectors = Avx2::vectors,
    .group = Avx2::group,
    .taps = Avx2::taps,
    .tap_weight_bytes = 2,
    .order = Avx2::order,
    .convolution = Loops<Avx2>::convolution,
    .depthwise = Loops<Avx2>::depthwise,
    .addition = Loops<Avx2>::addition,
    .pool = Loops<Avx2>::pool,
    .dense = dense,
    .raise = raise_input,
    .winograd = avx2_winograd,
    .take = take,
    .give = give,
};

}  // namespace aiot::inference::fast
