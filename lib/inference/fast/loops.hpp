#pragma once

#include "inference/fast/tasks.hpp"

/// The kernels' loops, written once over what an instruction set `V` offers:
///
///     Element, Weight, TapWeight, Sum (a vector of int32 sums)
///     lanes, vectors, group, taps, most_rows, most_rows_of_one (of a tile of a block, and of one
///     vector) Sum load(const int32_t*), void store(int32_t*, Sum), Sum add(Sum, Sum) pick(const
///     Element*): one group for all lanes; packed(const Weight*): a vector's weights; mac(Sum,
///     pick, packed) widen(const Element*, Sum (&)[vectors]): a block of elements, in the block's
///     order shifted<n>(Sum), all(int32), as_sum(Sum): times Kernels::weight_factor tap_mac(Sum
///     (&)[vectors], const Element*, const int32_t* taps, const TapWeight*) Scaler(const Scaling&,
///     channel): what the sums of the block from that channel are scaled by; scaler.sums(Sum
///     (&)[n]): in place; scaler.finish(Element*, Sum (&)[n], count) clamps and stores
///
/// V has to be in an unnamed namespace: what is made of these templates then stays in its file.
namespace aiot::inference::fast {

template <class V>
struct Loops {
  using Element = typename V::Element;
  using Weight = typename V::Weight;
  using Sum = typename V::Sum;
  using Scaler = typename V::Scaler;
  static constexpr int block = V::lanes * V::vectors;

  static int least(int a, int b) { return a < b ? a : b; }

  /// What a block of output channels sums.
  struct Steps {
    const std::int32_t* begin;
    const std::int32_t* end;
    const Weight* weights;

    Steps(const Convolution& t, int index) {
      const std::int32_t first = index == 0 ? 0 : t.step_ends[index - 1];
      begin = t.offsets + first;
      end = t.offsets + t.step_ends[index];
      weights = static_cast<const Weight*>(t.weights) +
                static_cast<std::ptrdiff_t>(first) * block * V::group;
    }
  };

  /// `R` rows of `N` vectors, whose first channel is `channel`.
  template <int R, int N>
  static void tile(const Convolution& t, const Steps& steps, const Scaler& scaler, int row,
                   int channel, int count) {
    const auto* input = static_cast<const Element*>(t.input);
    const Element* from[R];
    Sum sums[R][N];
    for (int r = 0; r < R; ++r) {
      from[r] = input + t.starts[row + r];
      for (int n = 0; n < N; ++n) sums[r][n] = V::load(t.scaling.bias + channel + n * V::lanes);
    }
    constexpr int step_weights = N * V::lanes * V::group;
    const Weight* weights = steps.weights;
    for (const auto* at = steps.begin; at != steps.end; ++at, weights += step_weights) {
      const auto offset = static_cast<std::ptrdiff_t>(*at);
      typename V::Packed w[N];
      for (int n = 0; n < N; ++n) w[n] = V::packed(weights + n * V::lanes * V::group);
      for (int r = 0; r < R; ++r) {
        asm volatile("" : "+r"(from[r]));
        const auto x = V::pick(from[r] + offset);
        for (int n = 0; n < N; ++n) sums[r][n] = V::mac(sums[r][n], x, w[n]);
      }
    }
    auto* output = static_cast<Element*>(t.output) + channel;
    for (int r = 0; r < R; ++r) scaler.finish(output + t.places[row + r], sums[r], count);
  }

  template <int R, int N>
  static void rest(const Convolution& t, const Steps& steps, const Scaler& scaler, int row,
                   int rows, int channel, int count) {
    if constexpr (R > 0) {
      if (rows == R) {
        tile<R, N>(t, steps, scaler, row, channel, count);
      } else {
        rest<R - 1, N>(t, steps, scaler, row, rows, channel, count);
      }
    }
  }

  template <int R, int N>
  static void rows_of_block(const Convolution& t, const Part& part, int index, int count) {
    const Steps steps(t, index);
    const int channel = index * block;
    const Scaler scaler(t.scaling, channel);
    int row = part.row_begin;
    for (; row + R <= part.row_end; row += R) {
      tile<R, N>(t, steps, scaler, row, channel, count);
    }
    rest<R - 1, N>(t, steps, scaler, row, part.row_end - row, channel, count);
  }

  static void convolution(const Convolution& t, const Part& part) {
    for (int b = part.block_begin; b < part.block_end; ++b) {
      const int channel = b * block;
      const int count = least(block, t.channels - channel);
      if (V::vectors > 1 && count <= V::lanes) {
        rows_of_block<V::most_rows_of_one, 1>(t, part, b, count);
      } else {
        rows_of_block<V::most_rows, V::vectors>(t, part, b, count);
      }
    }
  }

  template <int Groups>
  static void depthwise_rows(const Depthwise& t, const Part& part, int channel, int count) {
    const int groups = Groups > 0 ? Groups : t.tap_groups;
    const auto* weights = static_cast<const typename V::TapWeight*>(t.weights) +
                          static_cast<std::ptrdiff_t>(channel) * groups * V::taps;
    const auto* input = static_cast<const Element*>(t.input) + channel;
    auto* output = static_cast<Element*>(t.output) + channel;
    const Scaler scaler(t.scaling, channel);
    for (int row = part.row_begin; row < part.row_end; ++row) {
      const Element* from = input + t.starts[row];
      Sum sums[V::vectors];
      for (int n = 0; n < V::vectors; ++n) {
        sums[n] = V::load(t.scaling.bias + channel + n * V::lanes);
      }
      for (int g = 0; g < groups; ++g) {
        V::tap_mac(sums, from, t.taps + g * V::taps, weights + g * V::taps * block);
      }
      scaler.finish(output + t.places[row], sums, count);
    }
  }

  static void depthwise(const Depthwise& t, const Part& part) {
    constexpr int three_by_three = (9 + V::taps - 1) / V::taps;
    for (int b = part.block_begin; b < part.block_end; ++b) {
      const int channel = b * block;
      const int count = least(block, t.channels - channel);
      if (t.tap_groups == three_by_three) {
        depthwise_rows<three_by_three>(t, part, channel, count);
      } else {
        depthwise_rows<0>(t, part, channel, count);
      }
    }
  }

  static void addition(const Addition& t, const Part& part) {
    const Scaler left(t.left_scaling, 0);
    const Scaler right(t.right_scaling, 0);
    const Scaler both(t.scaling, 0);
    const Sum left_zero = V::all(-t.left_zero);
    const Sum right_zero = V::all(-t.right_zero);
    constexpr int to_left = 20;  // the reference's, so that rounding loses nothing that matters
    for (int line = part.row_begin; line < part.row_end; ++line) {
      const auto* a = static_cast<const Element*>(t.left) + t.left_starts[line];
      const auto* b = static_cast<const Element*>(t.right) + t.right_starts[line];
      auto* out = static_cast<Element*>(t.output) + t.places[line];
      for (int i = 0; i < t.length; i += block) {
        Sum x[V::vectors];
        Sum y[V::vectors];
        V::widen(a + i, x);
        V::widen(b + i, y);
        for (int n = 0; n < V::vectors; ++n) {
          x[n] = V::as_sum(V::template shifted<to_left>(V::add(x[n], left_zero)));
          y[n] = V::as_sum(V::template shifted<to_left>(V::add(y[n], right_zero)));
        }
        left.sums(x);
        right.sums(y);
        for (int n = 0; n < V::vectors; ++n) x[n] = V::as_sum(V::add(x[n], y[n]));
        both.finish(out + i, x, least(block, t.length - i));
      }
    }
  }

  /// sum / count, rounded to nearest, ties away from zero, as the reference kernel does it.
  static std::int32_t mean(std::int32_t sum, std::int32_t count) {
    return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
  }

  static void pool(const Pool& t, const Part& part) {
    for (int row = part.row_begin; row < part.row_end; ++row) {
      const int count = t.heights[row] * t.widths[row];
      for (int channel = 0; channel < t.channels; channel += block) {
        const auto* line = static_cast<const Element*>(t.input) + t.starts[row] + channel;
        Sum sums[V::vectors];
        for (int n = 0; n < V::vectors; ++n) sums[n] = V::all(0);
        for (int y = 0; y < t.heights[row]; ++y, line += t.line_stride) {
          for (int x = 0; x < t.widths[row]; ++x) {
            Sum more[V::vectors];
            V::widen(line + static_cast<std::ptrdiff_t>(x) * t.channels, more);
            for (int n = 0; n < V::vectors; ++n) sums[n] = V::add(sums[n], more[n]);
          }
        }
        alignas(64) std::int32_t values[block];
        for (int n = 0; n < V::vectors; ++n) V::store(values + n * V::lanes, sums[n]);
        auto* out = static_cast<Element*>(t.output) + t.places[row] + channel;
        for (int i = 0; i < block; ++i) {
          const int c = V::order[i];
          if (channel + c >= t.channels) continue;
          std::int32_t value = mean(values[i] - count * t.input_more, count);
          if (value < t.lowest) value = t.lowest;
          if (value > t.highest) value = t.highest;
          out[c] = static_cast<Element>(value + t.output_more);
        }
      }
    }
  }
};

}  // namespace aiot::inference::fast
