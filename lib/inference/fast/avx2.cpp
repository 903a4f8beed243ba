#include "inference/fast/x86.hpp"

namespace aiot::inference::fast {
namespace {

/// int16 elements with the zero point off: vpmaddwd sums a pair of products into each lane, sixteen
/// in all, and cannot overflow (|element| <= 255, |doubled weight| <= 256). A pair for all lanes is
/// one load.
struct Avx2 : Sums256 {
  using Element = std::int16_t;
  static constexpr auto kind = fast::Element::centred;
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

constexpr int positions = 16;
constexpr int most_tiles = 8;  // at a time, so that what is transformed stays in the first cache
constexpr int block = 16;

using Value = std::int16_t;

void store(Value* p, __m256i x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x); }

/// One line or column of four: the matrix B, transposed, times it.
void transform_input(const __m256i (&x)[4], __m256i (&y)[4]) {
  y[0] = _mm256_sub_epi16(x[0], x[2]);
  y[1] = _mm256_add_epi16(x[1], x[2]);
  y[2] = _mm256_sub_epi16(x[2], x[1]);
  y[3] = _mm256_sub_epi16(x[1], x[3]);
}

/// Sixteen channels of a tile's window, to `to` [position] with `stride` elements between.
void transform_tile(const Value* from, int line, int pixel, Value* to, int stride) {
  __m256i rows[4][4];  // [column of the window][row of the product]
  unrolled<4>([&](auto x) AIOT_INLINE {
    __m256i column[4];
    unrolled<4>([&](auto y) AIOT_INLINE { column[y] = load_256(from + y * line + x * pixel); });
    transform_input(column, rows[x]);
  });
  for (int y = 0; y < 4; ++y) {
    const __m256i row[4] = {rows[0][y], rows[1][y], rows[2][y], rows[3][y]};
    __m256i done[4];
    transform_input(row, done);
    for (int x = 0; x < 4; ++x)
      store(to + static_cast<std::ptrdiff_t>(y * 4 + x) * stride, done[x]);
  }
}

/// `R` tiles' products with a block of weights, at one position.
template <int R>
void multiply(const Value* input, int channels, const Value* weights, std::int32_t* to) {
  __m256i sums[R][2];
  const Value* from[R];
  unrolled<R>([&](auto r) AIOT_INLINE {
    from[r] = input + static_cast<std::ptrdiff_t>(r) * channels;
    sums[r][0] = sums[r][1] = _mm256_setzero_si256();
  });
  for (int c = 0; c < channels; c += 2, weights += 2 * block) {
    const __m256i w[2] = {Avx2::packed(weights), Avx2::packed(weights + block)};
    unrolled<R>([&](auto r) AIOT_INLINE {
      asm volatile("" : "+r"(from[r]));
      const __m256i x = Avx2::pick(from[r] + c);
      unrolled<2>([&](auto n) AIOT_INLINE { sums[r][n] = Avx2::mac(sums[r][n], x, w[n]); });
    });
  }
  unrolled<R>([&](auto r) AIOT_INLINE {
    unrolled<2>([&](auto n) AIOT_INLINE { Avx2::store(to + r * block + n * 8, sums[r][n]); });
  });
}

/// The matrix A, transposed, times one line or column of four.
void transform_output(const __m256i (&x)[4], __m256i (&y)[2]) {
  const __m256i middle = _mm256_add_epi32(x[1], x[2]);
  const __m256i difference = _mm256_sub_epi32(x[1], x[2]);
  y[0] = _mm256_add_epi32(x[0], middle);
  y[1] = _mm256_sub_epi32(difference, x[3]);
}

/// Eight channels of a tile's four pixels as doubled sums, from `products` [position].
void gather(const std::int32_t* products, __m256i bias, __m256i (&pixels)[2][2]) {
  constexpr int stride = most_tiles * block;
  __m256i columns[4][2];
  for (int x = 0; x < 4; ++x) {
    __m256i column[4];
    for (int y = 0; y < 4; ++y) column[y] = load_256(products + (y * 4 + x) * stride);
    transform_output(column, columns[x]);
  }
  for (int y = 0; y < 2; ++y) {
    const __m256i row[4] = {columns[0][y], columns[1][y], columns[2][y], columns[3][y]};
    transform_output(row, pixels[y]);
    for (auto& pixel : pixels[y]) {
      pixel = _mm256_add_epi32(_mm256_srai_epi32(pixel, 1), bias);  // four times the sum: halved
    }
  }
}

template <class Scaler>
void winograd(const Winograd& t, const Part& part) {
  alignas(64) Value windows[positions * most_tiles * winograd_channels];
  alignas(64) std::int32_t products[positions * most_tiles * block];
  const int depth = t.input_channels;
  const auto* input = static_cast<const Value*>(t.input);
  for (int begin = part.row_begin; begin < part.row_end; begin += most_tiles) {
    const int tiles = part.row_end - begin < most_tiles ? part.row_end - begin : most_tiles;
    for (int tile = 0; tile < tiles; ++tile) {
      for (int c = 0; c < depth; c += block) {
        transform_tile(input + t.starts[begin + tile] + c, t.input_line, depth,
                       windows + tile * depth + c, most_tiles * depth);
      }
    }
    for (int b = part.block_begin; b < part.block_end; ++b) {
      const auto* weights = t.weights + static_cast<std::ptrdiff_t>(b) * positions * depth * block;
      for (int position = 0; position < positions; ++position) {
        const auto* from = windows + position * most_tiles * depth;
        auto* to = products + position * most_tiles * block;
        int tile = 0;
        for (; tile + 4 <= tiles; tile += 4) {
          multiply<4>(from + tile * depth, depth, weights, to + tile * block);
        }
        for (; tile < tiles; ++tile) {
          multiply<1>(from + tile * depth, depth, weights, to + tile * block);
        }
        weights += static_cast<std::ptrdiff_t>(depth) * block;
      }
      const int channel = b * block;
      const Scaler scaler(t.scaling, channel);
      for (int tile = 0; tile < tiles; ++tile) {
        __m256i low[2][2];
        __m256i high[2][2];
        gather(products + tile * block, load_256(t.scaling.bias + channel), low);
        gather(products + tile * block + 8, load_256(t.scaling.bias + channel + 8), high);
        auto* out = static_cast<Value*>(t.output) + t.places[begin + tile] + channel;
        for (int y = 0; y < 2; ++y) {
          for (int x = 0; x < 2; ++x) {
            const __m256i sums[2] = {scaler.scaled(low[y][x], 0), scaler.scaled(high[y][x], 1)};
            scaler.store(out + y * t.output_line + x * t.channels, sums, block);
          }
        }
      }
    }
  }
}

void winograd_of(const Winograd& t, const Part& part) {
  if (t.scaling.left == nullptr && !t.scaling.some_unshifted) {
    winograd<Avx2::PlainScaler>(t, part);
  } else {
    winograd<Avx2::Scaler>(t, part);
  }
}

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

constexpr Kernels table() {
  Kernels all = table_of<Avx2, Reals256>();
  all.take = take;
  all.weight_factor = 2;
  all.dense = dense;
  all.winograd = winograd_of;
  return all;
}

}  // namespace

const Kernels avx2_kernels = table();

}  // namespace aiot::inference::fast
