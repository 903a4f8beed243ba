#pragma once

#include "inference/fast/loops.hpp"

namespace aiot::inference::fast {
namespace {

// Vectors of the compiler's own, as in real.hpp.
constexpr int byte_lanes = 16;
typedef std::int8_t Bytes16 __attribute__((vector_size(16)));   // NOLINT(modernize-use-using)
typedef std::int32_t Words16 __attribute__((vector_size(64)));  // NOLINT(modernize-use-using)

template <class T>
[[gnu::always_inline]] inline void read(T& x, const void* from) {
  __builtin_memcpy(&x, from, sizeof x);
}
[[gnu::always_inline]] inline void write(std::int8_t* to, const Bytes16& x, int count) {
  if (count >= byte_lanes) {
    __builtin_memcpy(to, &x, sizeof x);
  } else {
    std::int8_t some[byte_lanes];
    __builtin_memcpy(some, &x, sizeof x);
    store_some(to, some, count);
  }
}

}  // namespace

/// `Real`: the vectors of float32 of an instruction set, of its file's unnamed namespace.
template <class Real>
struct Values {
  static void look_up(const std::uint8_t* table, const std::uint8_t* from, std::uint8_t* to,
                      std::int32_t count) {
    for (int i = 0; i < count; ++i) to[i] = table[from[i]];
  }

  static void quantize(float scale, std::int32_t zero_point, const float* from, std::int8_t* to,
                       std::int32_t count) {
    using V = typename Real::Sum;
    typedef std::int32_t Whole __attribute__((vector_size(sizeof(V))));  // NOLINT
    const V by = Real::all(scale);
    for (int i = 0; i < count; i += Real::lanes) {
      // Bounded before it is rounded: the bounds are whole. What is no number is the lower one.
      const V exact = Real::load(from + i) / by;
      const V below = exact < 1024.0F ? exact : Real::all(1024);
      const V steps = exact > -1024.0F ? below : Real::all(-1024);
      Whole whole = __builtin_convertvector(steps, Whole);
      const V part = steps - __builtin_convertvector(whole, V);
      whole += (part <= -0.5F) - (part >= 0.5F) + zero_point;  // true is -1
      whole = whole < -128 ? Whole{} - 128 : whole;
      whole = whole > 127 ? Whole{} + 127 : whole;
      std::int32_t values[Real::lanes];
      __builtin_memcpy(values, &whole, sizeof values);
      const int some = count - i < Real::lanes ? count - i : Real::lanes;
      for (int lane = 0; lane < some; ++lane) to[i + lane] = static_cast<std::int8_t>(values[lane]);
    }
  }

  static void dequantize(float scale, std::int32_t zero_point, const std::int8_t* from, float* to,
                         std::int32_t count) {
    const auto wide_scale = static_cast<double>(scale);
    for (int i = 0; i < count; ++i) to[i] = static_cast<float>(wide_scale * (from[i] - zero_point));
  }

  static void add_lines(const std::int8_t* from, std::int32_t lines, std::ptrdiff_t stride,
                        std::int32_t* sums, std::int32_t count) {
    for (int i = 0; i < count; i += byte_lanes) {
      Words16 sum;
      read(sum, sums + i);
      const auto* line = from + i;
      for (int l = 0; l < lines; ++l, line += stride) {
        Bytes16 x;
        read(x, line);
        sum += __builtin_convertvector(x, Words16);
      }
      __builtin_memcpy(sums + i, &sum, sizeof sum);
    }
  }

  static void add_real_lines(const float* from, std::int32_t lines, std::ptrdiff_t stride,
                             float* sums, std::int32_t count) {
    for (int i = 0; i < count; i += Real::lanes) {
      auto sum = Real::load(sums + i);
      const auto* line = from + i;
      for (int l = 0; l < lines; ++l, line += stride) sum = sum + Real::load(line);
      __builtin_memcpy(sums + i, &sum, sizeof sum);
    }
  }

  static std::int32_t dot(const std::int8_t* a, const std::int8_t* b, std::int32_t count) {
    std::uint32_t sum = 0;
    for (int i = 0; i < count; ++i) sum += static_cast<std::uint32_t>(a[i] * b[i]);
    return static_cast<std::int32_t>(sum);
  }

  static void mix(const std::int8_t* const from[4], const std::int32_t weights[4], std::int8_t* to,
                  std::int32_t count) {
    for (int i = 0; i < count; i += byte_lanes) {
      Words16 sum{};
      for (int n = 0; n < 4; ++n) {
        Bytes16 x;
        read(x, from[n] + i);
        sum += __builtin_convertvector(x, Words16) * weights[n];
      }
      sum += sum > 0 ? Words16{} + (1 << 19) : Words16{} - (1 << 19);
      sum = (sum + ((sum >> 31) & ((1 << 20) - 1))) >> 20;  // towards 0
      write(to + i, __builtin_convertvector(sum, Bytes16), count - i);
    }
  }
};

template <class Real>
constexpr ValueKernels value_table_of() {
  return {.look_up = Values<Real>::look_up,
          .quantize = Values<Real>::quantize,
          .dequantize = Values<Real>::dequantize,
          .add_lines = Values<Real>::add_lines,
          .add_real_lines = Values<Real>::add_real_lines,
          .dot = Values<Real>::dot,
          .mix = Values<Real>::mix};
}

}  // namespace aiot::inference::fast
