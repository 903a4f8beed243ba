#pragma once

#include "inference/fast/loops.hpp"

namespace aiot::inference::fast {
namespace {

/// float32 in vectors of `Bytes`, which the compiler makes of whatever registers there are. Nothing
/// here may be contracted (-ffp-contract=off): a sum's products are rounded before they are added.
/// `Rows`: as many sums as the registers hold.
template <int Bytes, int Rows, int RowsOfOne, int DepthwiseRows>
struct Reals {
  typedef float Sum __attribute__((vector_size(Bytes)));  // NOLINT(modernize-use-using)
  using Element = float;
  using Weight = float;
  using TapWeight = float;
  using Packed = Sum;
  using Scaling = RealScaling;
  static constexpr int lanes = Bytes / 4;
  static constexpr int vectors = 2;
  static constexpr int group = 1;
  static constexpr int taps = 1;
  static constexpr int most_rows = Rows;
  static constexpr int most_rows_of_one = RowsOfOne;
  static constexpr int most_depthwise_rows = DepthwiseRows;

  static Sum load(const float* p) {
    Sum x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
  }
  static Sum all(float x) { return x - Sum{}; }  // x - 0 is x, -0 too
  static Sum pick(const float* p) { return all(*p); }
  static Packed packed(const float* p) { return load(p); }
  static Sum mac(Sum sum, Sum x, Packed w) { return sum + x * w; }
  static void tap_mac(Sum (&sums)[2], const float* from, const std::int32_t* offsets,
                      const float* w) {
    unrolled<2>([&](auto n) AIOT_INLINE {
      sums[n] = mac(sums[n], load(from + offsets[0] + n * lanes), load(w + n * lanes));
    });
  }

  /// The first `count` lanes.
  static void store(float* out, Sum x, int count) {
    if (count >= lanes) {
      __builtin_memcpy(out, &x, sizeof x);
      return;
    }
    const auto* from = reinterpret_cast<const char*>(&x);
    auto* to = reinterpret_cast<char*>(out);
    unrolled<4>([&](auto i) AIOT_INLINE {
      constexpr int some = 8 >> i;  // lanes
      if (some < lanes && (count & some) != 0) {
        __builtin_memcpy(to, from, some * sizeof(float));
        to += some * sizeof(float);
        from += some * sizeof(float);
      }
    });
  }

  /// kernel::clamp(): what is not a number stays so, and of equals the value stays.
  struct Clamp {
    Sum lowest, highest;
    Clamp(float low, float high) : lowest(all(low)), highest(all(high)) {}
    Sum clamped(Sum x) const {
      const Sum y = x < lowest ? lowest : x;
      return y > highest ? highest : y;
    }
  };

  struct Scaler : Clamp {
    Sum bias[2];

    Scaler(const RealScaling& s, int channel)
        : Clamp(s.lowest, s.highest),
          bias{load(s.bias + channel), load(s.bias + channel + lanes)} {}
    Sum scaled(Sum sum, int n) const { return this->clamped(sum + bias[n]); }
    template <int N>
    void store(float* out, const Sum (&x)[N], int count) const {
      unrolled<N>([&](auto n) AIOT_INLINE {
        if (count > n * lanes) Reals::store(out + n * lanes, x[n], count - n * lanes);
      });
    }
  };
  using PlainScaler = Scaler;
};

}  // namespace

template <class V>
struct RealLoops : Loops<V> {
  using Sum = typename V::Sum;
  static constexpr int block = V::lanes * V::vectors;

  /// One row of `B` blocks: each sum waits for its last product, so that some are made at a time.
  template <int B>
  static void blocks_of_row(const RealConvolution& t, int row, int index) {
    const typename Loops<V>::Steps steps(t, index);
    const auto count = steps.end - steps.begin;
    const auto* input = static_cast<const float*>(t.input) + t.starts[row];
    const float* weights[B];
    Sum sums[B][V::vectors];
    unrolled<B>([&](auto b) AIOT_INLINE {
      weights[b] = steps.weights + b * count * block;
      unrolled<V::vectors>([&](auto n) AIOT_INLINE { sums[b][n] = Sum{}; });
    });
    for (const auto* at = steps.begin; at != steps.end; ++at) {
      const Sum x = V::pick(input + *at);
      unrolled<B>([&](auto b) AIOT_INLINE {
        unrolled<V::vectors>([&](auto n) AIOT_INLINE {
          sums[b][n] = V::mac(sums[b][n], x, V::packed(weights[b] + n * V::lanes));
        });
        weights[b] += block;
      });
    }
    unrolled<B>([&](auto b) AIOT_INLINE {
      const int channel = (index + b) * block;
      const typename V::Scaler scaler(t.scaling, channel);
      unrolled<V::vectors>([&](auto n) AIOT_INLINE { sums[b][n] = scaler.scaled(sums[b][n], n); });
      scaler.store(static_cast<float*>(t.output) + t.places[row] + channel, sums[b],
                   t.channels - channel);
    });
  }

  static void convolution(const RealConvolution& t, const Part& part) {
    constexpr int together = 4;
    Part rest = part;
    if (part.row_end - part.row_begin == 1) {
      // But for a last block of one vector, whose weights lie otherwise.
      while (rest.block_begin + together <= rest.block_end &&
             t.channels > (rest.block_begin + together - 1) * block + V::lanes) {
        blocks_of_row<together>(t, part.row_begin, rest.block_begin);
        rest.block_begin += together;
      }
    }
    Loops<V>::convolution(t, rest);
  }

  template <bool Maximum>
  static void pool_row(const RealPool& t, const typename V::Clamp& clamp, int row) {
    const int count = t.heights[row] * t.widths[row];
    for (int channel = 0; channel < t.channels; channel += V::lanes) {
      const auto* line = static_cast<const float*>(t.input) + t.starts[row] + channel;
      Sum sum = V::all(Maximum ? -__FLT_MAX__ : 0.0F);
      for (int y = 0; y < t.heights[row]; ++y, line += t.line_stride) {
        for (int x = 0; x < t.widths[row]; ++x) {
          const Sum value = V::load(line + static_cast<std::ptrdiff_t>(x) * t.channels);
          sum = Maximum ? (value > sum ? value : sum) : sum + value;
        }
      }
      if (!Maximum) sum = sum / V::all(static_cast<float>(count));
      V::store(static_cast<float*>(t.output) + t.places[row] + channel, clamp.clamped(sum),
               t.channels - channel);
    }
  }

  static void pool(const RealPool& t, const Part& part) {
    const typename V::Clamp clamp(t.lowest, t.highest);
    for (int row = part.row_begin; row < part.row_end; ++row) {
      if (t.maximum) {
        pool_row<true>(t, clamp, row);
      } else {
        pool_row<false>(t, clamp, row);
      }
    }
  }
};

/// As with the loops, a `V` of an unnamed namespace keeps this in its file.
template <class V>
constexpr RealKernels real_table_of() {
  return {.lanes = V::lanes,
          .vectors = V::vectors,
          .convolution = RealLoops<V>::convolution,
          .depthwise = RealLoops<V>::depthwise,
          .pool = RealLoops<V>::pool};
}

}  // namespace aiot::inference::fast
