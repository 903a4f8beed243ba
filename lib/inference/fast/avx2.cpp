#include "inference/fast/avx2.hpp"

#include "inference/fast/loops.hpp"
#include "inference/fast/unrolled.hpp"

namespace aiot::inference::fast {

extern const Kernels avx2_kernels;
void avx2_winograd(const Winograd& t, const Part& part);

namespace {

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

/// `B` blocks from `first` on: each quad of the input is loaded once for all of them.
template <int B>
void dense_blocks(const Dense& t, int first) {
  constexpr int block = 16;
  const Avx2::Clamp range(t.scaling);
  __m256i sums[B][2];
  const std::int8_t* w[B];
  unrolled<B>([&](auto b) AIOT_INLINE {
    const int channel = (first + b) * block;
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
    const int index = first + b;
    for (int e = index == 0 ? 0 : t.extra_ends[index - 1]; e < t.extra_ends[index]; ++e) {
      const __m256i x = quad(t, t.extra_quads[e]);
      const auto* extra = t.extra_weights + static_cast<std::ptrdiff_t>(e) * 64;
      unrolled<2>([&](auto n)
                      AIOT_INLINE { sums[b][n] = quad_mac(sums[b][n], x, extra + n * 32); });
    }
    const int channel = index * block;
    const Avx2::Scaler scaler(t.scaling, channel);
    unrolled<2>([&](auto n)
                    AIOT_INLINE { sums[b][n] = scaler.scaled(Avx2::as_sum(sums[b][n]), n); });
    const int left = t.channels - channel;
    scaler.store(static_cast<std::int16_t*>(t.output) + channel, sums[b],
                 left < block ? left : block);
  });
}

void dense(const Dense& t, const Part& part) {
  if (part.row_begin == part.row_end) return;
  int b = part.block_begin;
  for (; b + 2 <= part.block_end; b += 2) dense_blocks<2>(t, b);
  for (; b < part.block_end; ++b) dense_blocks<1>(t, b);
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
