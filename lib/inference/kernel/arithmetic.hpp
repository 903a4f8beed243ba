#pragma once

#include "inference/kernel/types.hpp"

namespace aiot::inference::kernel {

// Functions of two values: arithmetic.cpp.

/// Two inputs that are gone through together: their extents, and how far apart their values lie in
/// each dimension (0 where an input is repeated).
struct Broadcast {
  static constexpr int rank = 6;
  std::int32_t extent[rank] = {1, 1, 1, 1, 1, 1};
  std::size_t step_a[rank] = {};
  std::size_t step_b[rank] = {};
};

/// output[i] = f(a, b) for each value of the output.
template <class A, class B, class Result, class F>
void for_each_pair(const Broadcast& s, const A* a, const B* b, Result* output, const F& f) {
  std::int32_t index[Broadcast::rank] = {};
  constexpr int last = Broadcast::rank - 1;
  for (;;) {
    std::size_t at_a = 0;
    std::size_t at_b = 0;
    for (int d = 0; d < last; ++d) {
      at_a += index[d] * s.step_a[d];
      at_b += index[d] * s.step_b[d];
    }
    for (std::int32_t i = 0; i < s.extent[last]; ++i) {
      *output++ = f(a[at_a + i * s.step_a[last]], b[at_b + i * s.step_b[last]]);
    }
    int d = last - 1;
    while (d >= 0 && ++index[d] == s.extent[d]) index[d--] = 0;
    if (d < 0) return;
  }
}

/// ADD and SUB of int8 or int16: both inputs are brought to one scale, 20 or 15 bits higher, and
/// the sum to the output's. MUL: the product, times `factor_output`.
struct ArithmeticInt8 {
  std::int32_t offset_a = 0, offset_b = 0;  ///< minus the zero points
  std::int32_t output_offset = 0;
  Factor factor_a, factor_b;  ///< ADD and SUB only
  Factor factor_output;
  Range<std::int32_t> range{-128, 127};
};
template <class T>
constexpr int add_left_shift = sizeof(T) == 1 ? 20 : 15;

void add(const Broadcast& shape, const ArithmeticInt8& quantized, const std::int8_t* a,
         const std::int8_t* b, std::int8_t* output);
void add(const Broadcast& shape, const ArithmeticInt8& quantized, const std::int16_t* a,
         const std::int16_t* b, std::int16_t* output);
void add(const Broadcast& shape, Range<std::int32_t> range, const std::int32_t* a,
         const std::int32_t* b, std::int32_t* output);
void add(const Broadcast& shape, Range<float> range, const float* a, const float* b, float* output);
void sub(const Broadcast& shape, const ArithmeticInt8& quantized, const std::int8_t* a,
         const std::int8_t* b, std::int8_t* output);
void sub(const Broadcast& shape, const ArithmeticInt8& quantized, const std::int16_t* a,
         const std::int16_t* b, std::int16_t* output);
void sub(const Broadcast& shape, Range<std::int32_t> range, const std::int32_t* a,
         const std::int32_t* b, std::int32_t* output);
void sub(const Broadcast& shape, Range<float> range, const float* a, const float* b, float* output);
void mul(const Broadcast& shape, const ArithmeticInt8& quantized, const std::int8_t* a,
         const std::int8_t* b, std::int8_t* output);
void mul(const Broadcast& shape, const ArithmeticInt8& quantized, const std::int16_t* a,
         const std::int16_t* b, std::int16_t* output);
void mul(const Broadcast& shape, Range<std::int32_t> range, const std::int32_t* a,
         const std::int32_t* b, std::int32_t* output);
void mul(const Broadcast& shape, Range<float> range, const float* a, const float* b, float* output);

/// Int8: the factor is a's scale over b's and the output's, its shift at most max_div_shift. x / 0
/// is the end of the range on x's side.
void div(const Broadcast& shape, const ArithmeticInt8& quantized, const std::int8_t* a,
         const std::int8_t* b, std::int8_t* output);
void div(const Broadcast& shape, Range<float> range, const float* a, const float* b, float* output);
constexpr int max_div_shift = 22;
/// SQUARED_DIFFERENCE; int8 as SUB, but 7 bits higher, int16 no bit higher.
void squared_difference(const Broadcast& shape, const ArithmeticInt8& quantized,
                        const std::int8_t* a, const std::int8_t* b, std::int8_t* output);
void squared_difference(const Broadcast& shape, const ArithmeticInt8& quantized,
                        const std::int16_t* a, const std::int16_t* b, std::int16_t* output);
void squared_difference(const Broadcast& shape, Range<float> range, const float* a, const float* b,
                        float* output);
template <class T>
constexpr int difference_left_shift = sizeof(T) == 1 ? 7 : 0;

/// FLOOR_DIV, in doubles; false when a value of b is 0.
bool floor_div(const Broadcast& shape, const float* a, const float* b, float* output);
/// FLOOR_MOD: the rest has the sign of b.
void floor_mod(const Broadcast& shape, const float* a, const float* b, float* output);

/// ADD_N: output[i] is the sum of input[i] of `inputs` arrays. Int8: `offset_a`, `factor_a`,
/// `factor_output` and `output_offset` count; the sum begins at the offset, as the reference's
/// does.
void add_n(std::size_t inputs, std::size_t count, const ArithmeticInt8& quantized,
           const std::int8_t* const* input, std::int8_t* output);
void add_n(std::size_t inputs, std::size_t count, const float* const* input, float* output);

/// Sums along the middle dimension of [outer][extent][inner].
struct ScanShape {
  std::size_t outer = 1, extent = 1, inner = 1;
  bool exclusive = false;  ///< of the values before, without the one at the place
  bool reverse = false;    ///< from the last value on
};
/// CUMSUM; int8 as in ADD_N.
void cumsum(const ScanShape& shape, const ArithmeticInt8& quantized, const std::int8_t* input,
            std::int8_t* output);
void cumsum(const ScanShape& shape, const float* input, float* output);

/// MAXIMUM and MINIMUM: of the values as they are stored, whatever their scales.
template <class T>
void extreme(bool maximum, const Broadcast& shape, const T* a, const T* b, T* output) {
  if (maximum) {
    for_each_pair(shape, a, b, output, [](T x, T y) { return x > y ? x : y; });
  } else {
    for_each_pair(shape, a, b, output, [](T x, T y) { return x < y ? x : y; });
  }
}

/// PRELU: `factor_a` for values from 0 on; the others times alpha (b), by `factor_b`.
void prelu(const Broadcast& shape, const ArithmeticInt8& quantized, const std::int8_t* input,
           const std::int8_t* alpha, std::int8_t* output);
void prelu(const Broadcast& shape, const ArithmeticInt8& quantized, const std::int16_t* input,
           const std::int8_t* alpha, std::int16_t* output);
void prelu(const Broadcast& shape, const float* input, const float* alpha, float* output);

}  // namespace aiot::inference::kernel
