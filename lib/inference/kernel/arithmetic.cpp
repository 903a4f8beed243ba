#include <bit>
#include <cmath>
#include <limits>

#include "inference/kernel/exponential.hpp"
#include "inference/kernel/kernels.hpp"

namespace aiot::inference::kernel {
namespace {

template <class T>
T saturated(std::int32_t value) {
  return static_cast<T>(
      clamp<std::int32_t>(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
}

template <class T = std::int8_t>
T finish(const ArithmeticInt8& q, std::int32_t value) {
  const auto result = wrapping_add(multiply(value, q.factor_output), q.output_offset);
  return static_cast<T>(clamp(result, q.range));
}

/// An input of ADD or SUB in the common scale.
template <class T = std::int8_t>
std::int32_t scaled(std::int32_t value, Factor factor) {
  return multiply(value * (1 << add_left_shift<T>), factor);
}

template <class T>
void add_of(const Broadcast& shape, const ArithmeticInt8& q, const T* a, const T* b, T* output) {
  for_each_pair(shape, a, b, output, [&](T x, T y) {
    return finish<T>(q,
                     scaled<T>(x + q.offset_a, q.factor_a) + scaled<T>(y + q.offset_b, q.factor_b));
  });
}

template <class T>
void sub_of(const Broadcast& shape, const ArithmeticInt8& q, const T* a, const T* b, T* output) {
  for_each_pair(shape, a, b, output, [&](T x, T y) {
    return finish<T>(q,
                     scaled<T>(x + q.offset_a, q.factor_a) - scaled<T>(y + q.offset_b, q.factor_b));
  });
}

template <class T>
void mul_of(const Broadcast& shape, const ArithmeticInt8& q, const T* a, const T* b, T* output) {
  for_each_pair(shape, a, b, output,
                [&](T x, T y) { return finish<T>(q, (x + q.offset_a) * (y + q.offset_b)); });
}

/// Wrapping sums, differences and products of int32.
template <class F>
void each_int32(const Broadcast& shape, const std::int32_t* a, const std::int32_t* b,
                std::int32_t* output, Range<std::int32_t> range, const F& f) {
  for_each_pair(shape, a, b, output, [&](std::int32_t x, std::int32_t y) {
    const auto result = f(static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y));
    return clamp(static_cast<std::int32_t>(result), range);
  });
}

}  // namespace

void add(const Broadcast& shape, const ArithmeticInt8& q, const std::int8_t* a,
         const std::int8_t* b, std::int8_t* output) {
  add_of(shape, q, a, b, output);
}

void add(const Broadcast& shape, const ArithmeticInt8& q, const std::int16_t* a,
         const std::int16_t* b, std::int16_t* output) {
  add_of(shape, q, a, b, output);
}

void add(const Broadcast& shape, Range<std::int32_t> range, const std::int32_t* a,
         const std::int32_t* b, std::int32_t* output) {
  each_int32(shape, a, b, output, range, [](std::uint32_t x, std::uint32_t y) { return x + y; });
}

void add(const Broadcast& shape, Range<float> range, const float* a, const float* b,
         float* output) {
  for_each_pair(shape, a, b, output, [&](float x, float y) { return clamp(x + y, range); });
}

void sub(const Broadcast& shape, const ArithmeticInt8& q, const std::int8_t* a,
         const std::int8_t* b, std::int8_t* output) {
  sub_of(shape, q, a, b, output);
}

void sub(const Broadcast& shape, const ArithmeticInt8& q, const std::int16_t* a,
         const std::int16_t* b, std::int16_t* output) {
  sub_of(shape, q, a, b, output);
}

void sub(const Broadcast& shape, Range<std::int32_t> range, const std::int32_t* a,
         const std::int32_t* b, std::int32_t* output) {
  each_int32(shape, a, b, output, range, [](std::uint32_t x, std::uint32_t y) { return x - y; });
}

void sub(const Broadcast& shape, Range<float> range, const float* a, const float* b,
         float* output) {
  for_each_pair(shape, a, b, output, [&](float x, float y) { return clamp(x - y, range); });
}

void mul(const Broadcast& shape, const ArithmeticInt8& q, const std::int8_t* a,
         const std::int8_t* b, std::int8_t* output) {
  mul_of(shape, q, a, b, output);
}

void mul(const Broadcast& shape, const ArithmeticInt8& q, const std::int16_t* a,
         const std::int16_t* b, std::int16_t* output) {
  mul_of(shape, q, a, b, output);
}

void mul(const Broadcast& shape, Range<std::int32_t> range, const std::int32_t* a,
         const std::int32_t* b, std::int32_t* output) {
  each_int32(shape, a, b, output, range, [](std::uint32_t x, std::uint32_t y) { return x * y; });
}

void mul(const Broadcast& shape, Range<float> range, const float* a, const float* b,
         float* output) {
  for_each_pair(shape, a, b, output, [&](float x, float y) { return clamp(x * y, range); });
}

namespace {

/// x / y as the reference has it: x times 1 / y, each with as many bits as there are.
std::int32_t quotient(const ArithmeticInt8& q, std::int32_t x, std::int32_t y) {
  if (y == 0) return x < 0 ? q.range.low : (x > 0 ? q.range.high : q.output_offset);
  if (y < 0) {
    x = -x;
    y = -y;
  }
  const int leading = std::countl_zero(static_cast<std::uint32_t>(y));
  const auto over_one =
      static_cast<std::int32_t>((static_cast<std::uint32_t>(y) << leading) - (1U << 31));
  const int headroom = __builtin_clrsb(x);
  const auto unscaled = high_multiply(x * (1 << headroom), one_over_one_plus(over_one));
  const int right = 31 - leading + headroom - q.factor_output.shift;
  if (right > 31) return q.output_offset;
  return q.output_offset +
         divide_by_power_of_two(high_multiply(unscaled, q.factor_output.multiplier), right);
}

}  // namespace

void div(const Broadcast& shape, const ArithmeticInt8& q, const std::int8_t* a,
         const std::int8_t* b, std::int8_t* output) {
  for_each_pair(shape, a, b, output, [&](std::int8_t x, std::int8_t y) {
    const auto result = quotient(q, x + q.offset_a, y + q.offset_b);
    return static_cast<std::int8_t>(clamp(result, q.range));
  });
}

void div(const Broadcast& shape, Range<float> range, const float* a, const float* b,
         float* output) {
  for_each_pair(shape, a, b, output, [&](float x, float y) { return clamp(x / y, range); });
}

namespace {

template <class T>
void squared_difference_of(const Broadcast& shape, const ArithmeticInt8& q, const T* a, const T* b,
                           T* output) {
  const auto brought = [](std::int32_t value, Factor factor) {
    return multiply(value * (1 << difference_left_shift<T>), factor);
  };
  for_each_pair(shape, a, b, output, [&](T x, T y) {
    const auto difference =
        brought(x + q.offset_a, q.factor_a) - brought(y + q.offset_b, q.factor_b);
    return finish<T>(q, difference * difference);
  });
}

template <class T>
void prelu_of(const Broadcast& shape, const ArithmeticInt8& q, const T* input,
              const std::int8_t* alpha, T* output) {
  for_each_pair(shape, input, alpha, output, [&](T x, std::int8_t y) {
    const std::int32_t value = x + q.offset_a;
    const auto result =
        value >= 0 ? multiply(value, q.factor_a) : multiply(value * (y + q.offset_b), q.factor_b);
    return saturated<T>(wrapping_add(result, q.output_offset));
  });
}

}  // namespace

void squared_difference(const Broadcast& shape, const ArithmeticInt8& q, const std::int8_t* a,
                        const std::int8_t* b, std::int8_t* output) {
  squared_difference_of(shape, q, a, b, output);
}

void squared_difference(const Broadcast& shape, const ArithmeticInt8& q, const std::int16_t* a,
                        const std::int16_t* b, std::int16_t* output) {
  squared_difference_of(shape, q, a, b, output);
}

void squared_difference(const Broadcast& shape, Range<float> /*range*/, const float* a,
                        const float* b, float* output) {
  for_each_pair(shape, a, b, output, [](float x, float y) { return (x - y) * (x - y); });
}

void prelu(const Broadcast& shape, const ArithmeticInt8& q, const std::int8_t* input,
           const std::int8_t* alpha, std::int8_t* output) {
  prelu_of(shape, q, input, alpha, output);
}

void prelu(const Broadcast& shape, const ArithmeticInt8& q, const std::int16_t* input,
           const std::int8_t* alpha, std::int16_t* output) {
  prelu_of(shape, q, input, alpha, output);
}

void prelu(const Broadcast& shape, const float* input, const float* alpha, float* output) {
  for_each_pair(shape, input, alpha, output, [](float x, float y) { return x >= 0 ? x : x * y; });
}

bool floor_div(const Broadcast& shape, const float* a, const float* b, float* output) {
  bool divides = true;
  for_each_pair(shape, a, b, output, [&](float x, float y) {
    if (y == 0) divides = false;
    return static_cast<float>(std::floor(static_cast<double>(x) / static_cast<double>(y)));
  });
  return divides;
}

void floor_mod(const Broadcast& shape, const float* a, const float* b, float* output) {
  for_each_pair(shape, a, b, output, [](float x, float y) {
    const float rest = std::fmod(x, y);
    return rest != 0 && (y < 0) != (rest < 0) ? rest + y : rest;
  });
}

void add_n(std::size_t inputs, std::size_t count, const ArithmeticInt8& q,
           const std::int8_t* const* input, std::int8_t* output) {
  const auto first = scaled(q.offset_a, q.factor_a);
  for (std::size_t i = 0; i < count; ++i) {
    auto sum = first;
    for (std::size_t k = 0; k < inputs; ++k) {
      sum = wrapping_add(sum, scaled(input[k][i] + q.offset_a, q.factor_a));
    }
    output[i] = finish(q, sum);
  }
}

void add_n(std::size_t inputs, std::size_t count, const float* const* input, float* output) {
  for (std::size_t i = 0; i < count; ++i) {
    float sum = 0;
    for (std::size_t k = 0; k < inputs; ++k) sum += input[k][i];
    output[i] = sum;
  }
}

namespace {

/// Each sum begins at `first`; `add(sum, value)`, `finish(sum)`.
template <class Sum, class T, class Add, class Finish>
void scan(const ScanShape& s, Sum first, const T* input, T* output, const Add& add,
          const Finish& finish) {
  for (std::size_t outer = 0; outer < s.outer; ++outer) {
    for (std::size_t inner = 0; inner < s.inner; ++inner) {
      auto sum = first;
      for (std::size_t i = 0; i < s.extent; ++i) {
        const auto place = s.reverse ? s.extent - 1 - i : i;
        const auto at = (outer * s.extent + place) * s.inner + inner;
        const auto before = sum;
        sum = add(sum, input[at]);
        output[at] = finish(s.exclusive ? before : sum);
      }
    }
  }
}

}  // namespace

void cumsum(const ScanShape& shape, const ArithmeticInt8& q, const std::int8_t* input,
            std::int8_t* output) {
  const auto add = [&](std::int32_t sum, std::int8_t value) {
    return wrapping_add(sum, scaled(value + q.offset_a, q.factor_a));
  };
  scan(shape, scaled(q.offset_a, q.factor_a), input, output, add,
       [&](std::int32_t sum) { return finish(q, sum); });
}

void cumsum(const ScanShape& shape, const float* input, float* output) {
  scan(
      shape, 0.0F, input, output, [](float sum, float value) { return sum + value; },
      [](float sum) { return sum; });
}

}  // namespace aiot::inference::kernel
