#include <bit>
#include <cmath>
#include <limits>

#include "inference/kernel/exponential.hpp"
#include "inference/kernel/kernels.hpp"

namespace aiot::inference::kernel {

void look_up(const std::uint8_t* table, std::size_t count, const std::uint8_t* input,
             std::uint8_t* output) {
  for (std::size_t i = 0; i < count; ++i) output[i] = table[input[i]];
}

namespace {

/// `function` of the value in Q4, with `bits` behind the point, plus `offset`.
template <class F>
std::int8_t sigmoid(const SigmoidInt8& q, std::int8_t value, int bits, std::int32_t offset,
                    const F& function) {
  const auto input = value - q.zero_point;
  if (input <= -q.radius) return -128;
  if (input >= q.radius) return 127;
  const auto result = function(multiply(input, q.factor));
  return to_int8(divide_by_power_of_two(result, 31 - bits) + offset);
}

std::int16_t to_int16(std::int32_t value) {
  return static_cast<std::int16_t>(clamp<std::int32_t>(value, -32'768, 32'767));
}

/// x * 2^exponent, saturated.
std::int16_t shift_left(std::int16_t x, std::int32_t exponent) {
  const std::int64_t wide = static_cast<std::int64_t>(x) * (1LL << exponent);
  return static_cast<std::int16_t>(clamp<std::int64_t>(wide, -32'768, 32'767));
}

/// round(a * b / 2^15)
std::int16_t rounding_high_multiply(std::int16_t a, std::int16_t b) {
  if (a == -32'768 && b == -32'768) return 32'767;
  const std::int32_t product = a * b;
  const std::int32_t nudge = product >= 0 ? 1 << 14 : 1 - (1 << 14);
  return static_cast<std::int16_t>((product + nudge) / (1 << 15));
}

/// a * b / 2^15, towards 0.
std::int16_t truncating_high_multiply(std::int16_t a, std::int16_t b) {
  if (a == -32'768 && b == -32'768) return 32'767;
  return static_cast<std::int16_t>(a * b / (1 << 15));
}

}  // namespace

std::int8_t logistic(const SigmoidInt8& quantized, std::int8_t value) {
  return sigmoid(quantized, value, 8, -128, logistic_of);
}

std::int8_t tanh(const SigmoidInt8& quantized, std::int8_t value) {
  return sigmoid(quantized, value, 7, 0, tanh_of);
}

std::int8_t hard_swish(const HardSwishInt8& q, std::int8_t value) {
  const auto input = static_cast<std::int16_t>((value - q.input_zero_point) * (1 << 7));
  // relu6(x + 3) / 6 in Q0: x as a part of 3, saturated, then from -1..1 to 0..1.
  auto part = input;
  if (q.relu_exponent > 0) part = shift_left(part, q.relu_exponent - 1);
  part = rounding_high_multiply(part, q.relu_multiplier);
  if (q.relu_exponent > 0) part = shift_left(part, 1);
  if (q.relu_exponent < 0) {
    part = static_cast<std::int16_t>(divide_by_power_of_two(part, -q.relu_exponent));
  }
  part = static_cast<std::int16_t>((part + (1 << 15)) >> 1);
  const auto product =
      truncating_high_multiply(part, rounding_high_multiply(input, q.output_multiplier));
  return to_int8(to_int16(divide_by_power_of_two(product, -q.output_exponent)) +
                 q.output_zero_point);
}

std::int8_t leaky_relu(const LeakyReluInt8& q, std::int8_t value) {
  const auto input = value - q.input_zero_point;
  auto result = multiply(input, input >= 0 ? q.positive : q.negative);
  if (input < 0 && q.negative_alpha) result = wrapping_add(~result, 1);
  return to_int8(wrapping_add(result, q.output_zero_point));
}

std::int8_t rsqrt(const RsqrtInt8& q, std::int8_t value) {
  constexpr int finer = 20;
  const auto input = value - q.input_zero_point;
  if (input <= 0) return input == 0 ? 127 : -128;
  auto inverse = inverse_sqrt(input);
  inverse.shift += finer;
  auto factor = q.factor;
  factor.shift -= finer;
  const auto result = factor.shift < -31 ? 0 : multiply(multiply(1, inverse), factor);
  return to_int8(wrapping_add(result, q.output_zero_point));
}

std::int32_t rescale(const RescaleInt8& q, std::int32_t value) {
  const auto result = multiply(value - q.input_zero_point, q.factor);
  return clamp(wrapping_add(result, q.output_zero_point), q.range);
}

namespace {

float logistic(float x) {
  // Beyond these, 1 and exp(x) are the nearest floats.
  constexpr float is_one = 16.619047164916992F;
  constexpr float is_exp = -9;
  if (x > is_one) return 1;
  if (x < is_exp) return std::exp(x);
  return 1 / (1 + std::exp(-x));
}

/// As the reference has it, whatever the machine's rounding mode is.
float round_half_to_even(float x) {
  const float below = std::floor(x);
  const float part = x - below;
  if (part < 0.5F || (part == 0.5F && std::fmod(below, 2.0F) == 0)) return below;
  return below + 1;
}

}  // namespace

void apply(Function function, float alpha, std::size_t count, const float* input, float* output) {
  const auto each = [&](const auto& f) {
    for (std::size_t i = 0; i < count; ++i) output[i] = f(input[i]);
  };
  switch (function) {
    case Function::relu: return each([](float x) { return x < 0 ? 0 : x; });
    case Function::relu6: return each([](float x) { return clamp(x, 0.0F, 6.0F); });
    case Function::leaky_relu: return each([&](float x) { return x > 0 ? x : x * alpha; });
    case Function::logistic: return each([](float x) { return logistic(x); });
    case Function::tanh: return each([](float x) { return std::tanh(x); });
    case Function::hard_swish:
      return each([](float x) { return x * clamp(x + 3, 0.0F, 6.0F) / 6; });
    case Function::elu: return each([](float x) { return x < 0 ? std::expm1(x) : x; });
    case Function::abs: return each([](float x) { return std::abs(x); });
    case Function::sin: return each([](float x) { return std::sin(x); });
    case Function::cos: return each([](float x) { return std::cos(x); });
    case Function::log: return each([](float x) { return std::log(x); });
    case Function::sqrt: return each([](float x) { return std::sqrt(x); });
    case Function::rsqrt: return each([](float x) { return 1 / std::sqrt(x); });
    case Function::square: return each([](float x) { return x * x; });
    case Function::exp: return each([](float x) { return std::exp(x); });
    case Function::neg: return each([](float x) { return -x; });
    case Function::floor: return each([](float x) { return std::floor(x); });
    case Function::ceil: return each([](float x) { return std::ceil(x); });
    case Function::round: return each(round_half_to_even);
  }
}

namespace {

/// exp(difference) in Q0.
std::int32_t exp_of(std::int32_t difference, const SoftmaxInt8& q) {
  return exp_of_negative(multiply(difference, q.beta), 5);
}

template <class T>
void softmax_row(std::int32_t depth, const SoftmaxInt8& q, const std::int8_t* input, T* output) {
  constexpr std::int32_t least = std::numeric_limits<T>::min();
  constexpr int bits = 8 * sizeof(T);
  std::int32_t largest = -128;
  for (std::int32_t i = 0; i < depth; ++i) largest = input[i] > largest ? input[i] : largest;
  std::int32_t sum = 0;  // Q12
  for (std::int32_t i = 0; i < depth; ++i) {
    const auto difference = input[i] - largest;
    if (difference >= q.least_difference) {
      sum = wrapping_add(sum, divide_by_power_of_two(exp_of(difference, q), 12));
    }
  }
  // 1 / sum: the bits in front of its leading one, then what is left as 1 + x.
  const int headroom = std::countl_zero(static_cast<std::uint32_t>(sum));
  const auto over_one =
      static_cast<std::int32_t>((static_cast<std::uint32_t>(sum) << headroom) - (1U << 31));
  const auto reciprocal = one_over_one_plus(over_one);
  const int exponent = 12 - headroom + 31 - bits;  // beyond 31, every share rounds to 0
  for (std::int32_t i = 0; i < depth; ++i) {
    const auto difference = input[i] - largest;
    if (difference < q.least_difference || exponent > 31) {
      output[i] = static_cast<T>(least);
      continue;
    }
    const auto share =
        divide_by_power_of_two(high_multiply(reciprocal, exp_of(difference, q)), exponent);
    output[i] =
        static_cast<T>(clamp<std::int32_t>(share + least, least, std::numeric_limits<T>::max()));
  }
}

}  // namespace

void softmax(std::int32_t rows, std::int32_t depth, const SoftmaxInt8& quantized,
             const std::int8_t* input, std::int8_t* output) {
  for (std::int32_t row = 0; row < rows; ++row, input += depth, output += depth) {
    softmax_row(depth, quantized, input, output);
  }
}

void softmax(std::int32_t rows, std::int32_t depth, const SoftmaxInt8& quantized,
             const std::int8_t* input, std::int16_t* output) {
  for (std::int32_t row = 0; row < rows; ++row, input += depth, output += depth) {
    softmax_row(depth, quantized, input, output);
  }
}

void softmax(std::int32_t rows, std::int32_t depth, const SoftmaxInt16& q,
             const std::int16_t* input, std::int16_t* output) {
  const auto saturated = [](std::int32_t x) {
    return static_cast<std::int16_t>(clamp<std::int32_t>(x, -32'768, 32'767));
  };
  for (std::int32_t row = 0; row < rows; ++row, input += depth, output += depth) {
    std::int32_t largest = -32'768;
    for (std::int32_t i = 0; i < depth; ++i) largest = input[i] > largest ? input[i] : largest;
    std::int32_t sum = 0;  // Q16
    for (std::int32_t i = 0; i < depth; ++i) {
      const auto scaled = multiply(input[i] - largest, q.beta);
      output[i] = q.exp.at(saturated(wrapping_add(scaled, 32'767)));
      sum = wrapping_add(sum, output[i]);
    }
    const int zeros = std::countl_zero(static_cast<std::uint32_t>(sum));
    const auto shifted_sum = static_cast<std::int32_t>(
        ((static_cast<std::int64_t>(sum) << (zeros - 1)) + (1 << 13)) >> 14);
    const std::int64_t reciprocal =
        q.one_over_one_plus.at(saturated(shifted_sum - (1 << 15) - (1 << 16)));
    const int right = 31 - zeros;
    for (std::int32_t i = 0; i < depth; ++i) {
      const auto share = (output[i] * reciprocal + (std::int64_t{1} << (right - 1))) >> right;
      output[i] = static_cast<std::int16_t>(clamp<std::int64_t>(share, 0, 32'767));
    }
  }
}

void softmax(std::int32_t rows, std::int32_t depth, float beta, const float* input, float* output) {
  for (std::int32_t row = 0; row < rows; ++row, input += depth, output += depth) {
    float largest = std::numeric_limits<float>::lowest();
    for (std::int32_t i = 0; i < depth; ++i) largest = input[i] > largest ? input[i] : largest;
    float sum = 0;
    for (std::int32_t i = 0; i < depth; ++i) {
      output[i] = std::exp((input[i] - largest) * beta);
      sum += output[i];
    }
    for (std::int32_t i = 0; i < depth; ++i) output[i] /= sum;
  }
}

namespace {

void log_softmax_row(std::int32_t depth, const LogSoftmaxInt8& q, const std::int8_t* input,
                     std::int8_t* output) {
  std::int32_t largest = -128;
  for (std::int32_t i = 0; i < depth; ++i) largest = input[i] > largest ? input[i] : largest;
  std::int32_t sum = 0;  // Q12
  for (std::int32_t i = 0; i < depth; ++i) {
    const auto difference = input[i] - largest;
    if (difference < q.forward.least_difference) continue;
    sum = wrapping_add(sum, divide_by_power_of_two(exp_of(difference, q.forward), 12));
  }
  const auto log_of_sum = log_of_at_least_one(sum);
  const auto beyond =
      multiply(wrapping_add(log_of_sum, std::numeric_limits<std::int32_t>::min()), q.reverse);
  const auto least =
      q.forward.least_difference - 1 > beyond ? q.forward.least_difference - 1 : beyond;
  for (std::int32_t i = 0; i < depth; ++i) {
    const auto difference = input[i] - largest;
    if (difference <= least) {
      output[i] = -128;
      continue;
    }
    const auto result =
        divide_by_power_of_two(multiply(difference, q.forward.beta) - log_of_sum, 31 - 5 - 4);
    output[i] = to_int8(result + 127);
  }
}

}  // namespace

void log_softmax(std::int32_t rows, std::int32_t depth, const LogSoftmaxInt8& quantized,
                 const std::int8_t* input, std::int8_t* output) {
  for (std::int32_t row = 0; row < rows; ++row, input += depth, output += depth) {
    log_softmax_row(depth, quantized, input, output);
  }
}

void log_softmax(std::int32_t rows, std::int32_t depth, const float* input, float* output) {
  for (std::int32_t row = 0; row < rows; ++row, input += depth, output += depth) {
    float largest = std::numeric_limits<float>::lowest();
    for (std::int32_t i = 0; i < depth; ++i) largest = input[i] > largest ? input[i] : largest;
    float sum = 0;
    for (std::int32_t i = 0; i < depth; ++i) sum += std::exp(input[i] - largest);
    const float log_of_sum = std::log(sum);
    for (std::int32_t i = 0; i < depth; ++i) output[i] = input[i] - largest - log_of_sum;
  }
}

void quantize(float scale, std::int32_t zero_point, std::size_t count, const float* input,
              std::int8_t* output) {
  for (std::size_t i = 0; i < count; ++i) {
    // Bounded before it becomes an integer; 1024 steps saturate with any zero point.
    const float steps = std::round(input[i] / scale);
    const float bounded = steps > -1024 ? (steps < 1024 ? steps : 1024) : -1024;
    output[i] = to_int8(static_cast<std::int32_t>(bounded) + zero_point);
  }
}

namespace {
template <class T>
void dequantize_each(float scale, std::int32_t zero_point, std::size_t count, const T* input,
                     float* output) {
  const auto wide_scale = static_cast<double>(scale);
  for (std::size_t i = 0; i < count; ++i) {
    output[i] = static_cast<float>(wide_scale * (input[i] - zero_point));
  }
}
}  // namespace

void dequantize(float scale, std::int32_t zero_point, std::size_t count, const std::int8_t* input,
                float* output) {
  dequantize_each(scale, zero_point, count, input, output);
}

void dequantize(float scale, std::int32_t zero_point, std::size_t count, const std::uint8_t* input,
                float* output) {
  dequantize_each(scale, zero_point, count, input, output);
}

}  // namespace aiot::inference::kernel
