#include "inference/fast/avx2.hpp"
#include "inference/fast/unrolled.hpp"

namespace aiot::inference::fast {

void avx2_winograd(const Winograd& t, const Part& part);

namespace {

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
}  // namespace

void avx2_winograd(const Winograd& t, const Part& part) {
  if (t.scaling.left == nullptr && !t.scaling.some_unshifted) {
    winograd<Avx2::PlainScaler>(t, part);
  } else {
    winograd<Avx2::Scaler>(t, part);
  }
}

}  // namespace aiot::inference::fast
