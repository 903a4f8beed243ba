#pragma once

#include "inference/fast/tasks.hpp"

namespace aiot::inference::fast {
namespace {

template <int N>
struct Index {
  constexpr operator int() const { return N; }  // NOLINT(google-explicit-constructor)
};

/// Lambdas too are inlined before anything else is thought of.
#define AIOT_INLINE __attribute__((always_inline))

/// Calls `what` with Index<0> to Index<N - 1>.
template <int N, class What>
[[gnu::always_inline]] inline void unrolled(const What& what) {
  if constexpr (N > 0) {
    unrolled<N - 1>(what);
    what(Index<N - 1>());
  }
}

/// Copies the first `count` values, fewer than a whole vector's.
template <class T>
inline void store_some(T* to, const T* from, int count) {
  for (int i = 0; i < count; ++i) to[i] = from[i];
}

}  // namespace

template <class V>
struct Loops {
  using Element = typename V::Element;
  using Weight = typename V::Weight;
  using Sum = typename V::Sum;
  using Convolution = ConvolutionOf<typename V::Scaling>;
  using Depthwise = DepthwiseOf<typename V::Scaling>;
  static constexpr int block = V::lanes * V::vectors;

  /// int8 values to elements and back.
  static std::int32_t more(std::int32_t zero_point) {
    switch (V::kind) {
      case fast::Element::centred: return -zero_point;
      case fast::Element::raised: return 128;
      case fast::Element::plain: break;
    }
    return 0;
  }
  static void take(const std::int8_t* from, void* to, std::int32_t count, std::int32_t zero_point) {
    const auto add = static_cast<Element>(more(zero_point));
    auto* out = static_cast<Element*>(to);
    for (int i = 0; i < count; ++i) {
      out[i] = static_cast<Element>(static_cast<Element>(from[i]) + add);
    }
  }
  static void give(const void* from, std::int8_t* to, std::int32_t count, std::int32_t zero_point) {
    const auto add = static_cast<Element>(more(zero_point));
    const auto* in = static_cast<const Element*>(from);
    for (int i = 0; i < count; ++i) {
      to[i] = static_cast<std::int8_t>(static_cast<Element>(in[i] - add));
    }
  }

  static std::int32_t dot(const void* elements, const std::int8_t* weights, std::int32_t count) {
    const auto* in = static_cast<const Element*>(elements);
    std::uint32_t sum = 0;
    for (int i = 0; i < count; ++i) sum += static_cast<std::uint32_t>(in[i] * weights[i]);
    return static_cast<std::int32_t>(sum);
  }

  static int least(int a, int b) { return a < b ? a : b; }

  static bool is_plain(const Scaling& s) { return s.left == nullptr && !s.some_unshifted; }
  static bool is_plain(const RealScaling& /*s*/) { return true; }
  /// What sums begin with: a real one's bias comes last, as in the portable kernels.
  static Sum start(const Scaling& s, int channel) { return V::load(s.bias + channel); }
  static Sum start(const RealScaling& /*s*/, int /*channel*/) { return Sum{}; }

  /// Stores `R` rows of sums. A vector's factors are loaded once for all rows.
  template <int R, int N, class Scaler>
  static void finish(Element* output, const std::int32_t* places, const Scaler& scaler,
                     Sum (&sums)[R][N], int count) {
    unrolled<N>([&](auto n) AIOT_INLINE {
      unrolled<R>([&](auto r) AIOT_INLINE { sums[r][n] = scaler.scaled(sums[r][n], n); });
    });
    unrolled<R>([&](auto r) AIOT_INLINE { scaler.store(output + places[r], sums[r], count); });
  }

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
  template <int R, int N, class Scaler>
  static void tile(const Convolution& t, const Steps& steps, const Scaler& scaler, int row,
                   int channel, int count) {
    const auto* input = static_cast<const Element*>(t.input);
    const Element* from[R];
    Sum sums[R][N];
    unrolled<R>([&](auto r) AIOT_INLINE {
      from[r] = input + t.starts[row + r];
      unrolled<N>([&](auto n)
                      AIOT_INLINE { sums[r][n] = start(t.scaling, channel + n * V::lanes); });
    });
    constexpr int step_weights = N * V::lanes * V::group;
    const Weight* weights = steps.weights;
    for (const auto* at = steps.begin; at != steps.end; ++at, weights += step_weights) {
      const auto offset = static_cast<std::ptrdiff_t>(*at);
      typename V::Packed w[N];
      unrolled<N>([&](auto n) AIOT_INLINE { w[n] = V::packed(weights + n * V::lanes * V::group); });
      unrolled<R>([&](auto r) AIOT_INLINE {
        asm volatile("" : "+r"(from[r]));  // one row after the other
        const auto x = V::pick(from[r] + offset);
        unrolled<N>([&](auto n) AIOT_INLINE { sums[r][n] = V::mac(sums[r][n], x, w[n]); });
      });
    }
    finish(static_cast<Element*>(t.output) + channel, t.places + row, scaler, sums, count);
  }

  template <int R, int N, class Scaler>
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

  template <int R, int N, class Scaler>
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

  template <class Scaler>
  static void convolution_by(const Convolution& t, const Part& part) {
    for (int b = part.block_begin; b < part.block_end; ++b) {
      const int count = least(block, t.channels - b * block);
      if (V::vectors > 1 && count <= V::lanes) {
        rows_of_block<V::most_rows_of_one, 1, Scaler>(t, part, b, count);
      } else {
        rows_of_block<V::most_rows, V::vectors, Scaler>(t, part, b, count);
      }
    }
  }

  static void convolution(const Convolution& t, const Part& part) {
    if (is_plain(t.scaling)) {
      convolution_by<typename V::PlainScaler>(t, part);
    } else {
      convolution_by<typename V::Scaler>(t, part);
    }
  }

  /// `R` rows of a block; `Groups` of taps, or any number where it is 0.
  template <int R, int Groups, class Scaler>
  static void depthwise_tile(const Depthwise& t, const Scaler& scaler, int row, int channel,
                             int count) {
    const int groups = Groups > 0 ? Groups : t.tap_groups;
    const auto* weights = static_cast<const typename V::TapWeight*>(t.weights) +
                          static_cast<std::ptrdiff_t>(channel) * groups * V::taps;
    const auto* input = static_cast<const Element*>(t.input) + channel;
    const Element* from[R];
    Sum sums[R][V::vectors];
    unrolled<R>([&](auto r) AIOT_INLINE {
      from[r] = input + t.starts[row + r];
      unrolled<V::vectors>(
          [&](auto n) AIOT_INLINE { sums[r][n] = start(t.scaling, channel + n * V::lanes); });
    });
    for (int g = 0; g < groups; ++g) {
      unrolled<R>([&](auto r) AIOT_INLINE {
        V::tap_mac(sums[r], from[r], t.taps + g * V::taps, weights + g * V::taps * block);
      });
    }
    finish(static_cast<Element*>(t.output) + channel, t.places + row, scaler, sums, count);
  }

  template <int Groups, class Scaler>
  static void depthwise_rows(const Depthwise& t, const Part& part, int channel, int count) {
    constexpr int rows = V::most_depthwise_rows;
    const Scaler scaler(t.scaling, channel);
    int row = part.row_begin;
    for (; row + rows <= part.row_end; row += rows) {
      depthwise_tile<rows, Groups>(t, scaler, row, channel, count);
    }
    for (; row < part.row_end; ++row) depthwise_tile<1, Groups>(t, scaler, row, channel, count);
  }

  template <class Scaler>
  static void depthwise_by(const Depthwise& t, const Part& part) {
    constexpr int three_by_three = (9 + V::taps - 1) / V::taps;
    for (int b = part.block_begin; b < part.block_end; ++b) {
      const int channel = b * block;
      const int count = least(block, t.channels - channel);
      if (t.tap_groups == three_by_three) {
        depthwise_rows<three_by_three, Scaler>(t, part, channel, count);
      } else {
        depthwise_rows<0, Scaler>(t, part, channel, count);
      }
    }
  }

  static void depthwise(const Depthwise& t, const Part& part) {
    if (is_plain(t.scaling)) {
      depthwise_by<typename V::PlainScaler>(t, part);
    } else {
      depthwise_by<typename V::Scaler>(t, part);
    }
  }

  /// An input of ADD or SUB in the common scale. One of them, at least, is only halved.
  static void bring(Sum (&x)[V::vectors], bool is_half, const typename V::Scaler& scaler) {
    constexpr int to_left = 20;  // the reference's, so that rounding loses nothing that matters
    for (int n = 0; n < V::vectors; ++n) {
      x[n] = is_half ? V::template shifted<to_left - 1>(x[n])
                     : scaler.scaled(V::as_sum(V::template shifted<to_left>(x[n])), n);
    }
  }

  template <Pairing P, class Scaler>
  static void addition_by(const Addition& t, const Part& part) {
    const typename V::Scaler left(t.left_scaling, 0);
    const typename V::Scaler right(t.right_scaling, 0);
    const Scaler both(t.scaling, 0);
    const Sum left_zero = V::all(-t.left_zero);
    const Sum right_zero = V::all(-t.right_zero);
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
          x[n] = V::add(x[n], left_zero);
          y[n] = V::add(y[n], right_zero);
        }
        if (P != Pairing::product) {
          bring(x, t.left_is_half, left);
          bring(y, t.right_is_half, right);
        }
        for (int n = 0; n < V::vectors; ++n) {
          const Sum both_of = P == Pairing::sum          ? V::add(x[n], y[n])
                              : P == Pairing::difference ? V::less(x[n], y[n])
                                                         : V::times(x[n], y[n]);
          x[n] = both.scaled(V::as_sum(both_of), n);
        }
        both.store(out + i, x, least(block, t.length - i));
      }
    }
  }

  template <Pairing P>
  static void addition_of(const Addition& t, const Part& part) {
    if (is_plain(t.scaling)) {
      addition_by<P, typename V::PlainScaler>(t, part);
    } else {
      addition_by<P, typename V::Scaler>(t, part);
    }
  }

  template <bool Maximum>
  static void extreme(const Addition& t, const Part& part) {
    const int length = t.length;  // bytes that are written could be the task's
    for (int line = part.row_begin; line < part.row_end; ++line) {
      const auto* a = static_cast<const Element*>(t.left) + t.left_starts[line];
      const auto* b = static_cast<const Element*>(t.right) + t.right_starts[line];
      auto* out = static_cast<Element*>(t.output) + t.places[line];
      for (int i = 0; i < length; ++i) {
        const bool take_left = Maximum ? a[i] > b[i] : a[i] < b[i];
        out[i] = take_left ? a[i] : b[i];
      }
    }
  }

  static void addition(const Addition& t, const Part& part) {
    switch (t.pairing) {
      case Pairing::sum: return addition_of<Pairing::sum>(t, part);
      case Pairing::difference: return addition_of<Pairing::difference>(t, part);
      case Pairing::product: return addition_of<Pairing::product>(t, part);
      case Pairing::maximum: return extreme<true>(t, part);
      case Pairing::minimum: return extreme<false>(t, part);
    }
  }

  /// sum / count, rounded to nearest, ties away from zero, as the reference kernel does it.
  static std::int32_t mean(std::int32_t sum, std::int32_t count) {
    return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
  }

  /// The largest of `count` channels, at most a block of them; bounds are those of elements.
  static void largest(const Pool& t, int row, int channel, int count) {
    const auto* line = static_cast<const Element*>(t.input) + t.starts[row] + channel;
    Element best[block];
    __builtin_memcpy(best, line, sizeof best);
    for (int y = 0; y < t.heights[row]; ++y, line += t.line_stride) {
      for (int x = 0; x < t.widths[row]; ++x) {
        const auto* from = line + static_cast<std::ptrdiff_t>(x) * t.channels;
        for (int i = 0; i < block; ++i) best[i] = from[i] > best[i] ? from[i] : best[i];
      }
    }
    const auto lowest = static_cast<Element>(t.lowest + t.output_more);
    const auto highest = static_cast<Element>(t.highest + t.output_more);
    for (int i = 0; i < block; ++i) {
      const Element raised = best[i] < lowest ? lowest : best[i];
      best[i] = raised > highest ? highest : raised;
    }
    auto* out = static_cast<Element*>(t.output) + t.places[row] + channel;
    if (count >= block) {
      __builtin_memcpy(out, best, sizeof best);
    } else {
      store_some(out, best, count);
    }
  }

  static void pool(const Pool& t, const Part& part) {
    if (t.maximum) {
      for (int row = part.row_begin; row < part.row_end; ++row) {
        for (int channel = 0; channel < t.channels; channel += block) {
          largest(t, row, channel, t.channels - channel);
        }
      }
      return;
    }
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
