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

namespace {

/// 1 / (1 + exp(-i / 24)) in 16 bits, as the reference has it (kernels/internal/common.h).
constexpr std::uint16_t sigmoid_of_24th[256] = {
    32'768, 33'451, 34'133, 34'813, 35'493, 36'169, 36'843, 37'513, 38'180, 38'841, 39'498, 40'149,
    40'794, 41'432, 42'064, 42'688, 43'304, 43'912, 44'511, 45'102, 45'683, 46'255, 46'817, 47'369,
    47'911, 48'443, 48'964, 49'475, 49'975, 50'464, 50'942, 51'409, 51'865, 52'311, 52'745, 53'169,
    53'581, 53'983, 54'374, 54'755, 55'125, 55'485, 55'834, 56'174, 56'503, 56'823, 57'133, 57'433,
    57'724, 58'007, 58'280, 58'544, 58'800, 59'048, 59'288, 59'519, 59'743, 59'959, 60'168, 60'370,
    60'565, 60'753, 60'935, 61'110, 61'279, 61'441, 61'599, 61'750, 61'896, 62'036, 62'172, 62'302,
    62'428, 62'549, 62'666, 62'778, 62'886, 62'990, 63'090, 63'186, 63'279, 63'368, 63'454, 63'536,
    63'615, 63'691, 63'765, 63'835, 63'903, 63'968, 64'030, 64'090, 64'148, 64'204, 64'257, 64'308,
    64'357, 64'405, 64'450, 64'494, 64'536, 64'576, 64'614, 64'652, 64'687, 64'721, 64'754, 64'786,
    64'816, 64'845, 64'873, 64'900, 64'926, 64'950, 64'974, 64'997, 65'019, 65'039, 65'060, 65'079,
    65'097, 65'115, 65'132, 65'149, 65'164, 65'179, 65'194, 65'208, 65'221, 65'234, 65'246, 65'258,
    65'269, 65'280, 65'291, 65'301, 65'310, 65'319, 65'328, 65'337, 65'345, 65'352, 65'360, 65'367,
    65'374, 65'381, 65'387, 65'393, 65'399, 65'404, 65'410, 65'415, 65'420, 65'425, 65'429, 65'433,
    65'438, 65'442, 65'445, 65'449, 65'453, 65'456, 65'459, 65'462, 65'465, 65'468, 65'471, 65'474,
    65'476, 65'479, 65'481, 65'483, 65'485, 65'488, 65'489, 65'491, 65'493, 65'495, 65'497, 65'498,
    65'500, 65'501, 65'503, 65'504, 65'505, 65'507, 65'508, 65'509, 65'510, 65'511, 65'512, 65'513,
    65'514, 65'515, 65'516, 65'517, 65'517, 65'518, 65'519, 65'520, 65'520, 65'521, 65'522, 65'522,
    65'523, 65'523, 65'524, 65'524, 65'525, 65'525, 65'526, 65'526, 65'526, 65'527, 65'527, 65'528,
    65'528, 65'528, 65'529, 65'529, 65'529, 65'529, 65'530, 65'530, 65'530, 65'530, 65'531, 65'531,
    65'531, 65'531, 65'531, 65'532, 65'532, 65'532, 65'532, 65'532, 65'532, 65'533, 65'533, 65'533,
    65'533, 65'533, 65'533, 65'533, 65'533, 65'534, 65'534, 65'534, 65'534, 65'534, 65'534, 65'534,
    65'534, 65'534, 65'534, 65'535};

/// The value in steps of 1/12288.
std::int32_t in_steps(const SigmoidInt16& q, std::int16_t value) {
  const std::int32_t round = q.right > 0 ? 1 << (q.right - 1) : 0;
  return (value * q.multiplier + round) >> q.right;
}

/// 1 / (1 + exp(-x)) for x from 0 on in 2^`bits` to 1/24, with 16 + `bits` bits.
std::int32_t sigmoid_between(std::int32_t x, int bits, std::int32_t largest) {
  const auto line = x >> bits;
  if (line >= 255) return largest;
  const std::int32_t first = sigmoid_of_24th[line];
  const std::int32_t rest = x & ((1 << bits) - 1);
  return (first << bits) + rest * (sigmoid_of_24th[line + 1] - first);
}

}  // namespace

std::int16_t logistic(const SigmoidInt16& q, std::int16_t value) {
  const auto x = in_steps(q, value);
  const auto result = sigmoid_between(x < 0 ? -x : x, 9, 0x7fff << 10);
  constexpr std::int32_t half = 1 << 9;
  return static_cast<std::int16_t>((x >= 0 ? result + half : (1 << 25) - result + half - 1) >> 10);
}

/// 2 / (1 + exp(-2 x)) - 1.
std::int16_t tanh(const SigmoidInt16& q, std::int16_t value) {
  const auto x = in_steps(q, value);
  const auto result = sigmoid_between(x < 0 ? -x : x, 8, 0xffff << 8) - (1 << 23);
  constexpr std::int32_t half = 1 << 7;
  return static_cast<std::int16_t>((x >= 0 ? result + half : half - 1 - result) >> 8);
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

namespace {

std::int32_t leaky_relu_of(const LeakyReluInt8& q, std::int32_t value) {
  const auto input = value - q.input_zero_point;
  auto result = multiply(input, input >= 0 ? q.positive : q.negative);
  if (input < 0 && q.negative_alpha) result = wrapping_add(~result, 1);
  return wrapping_add(result, q.output_zero_point);
}

}  // namespace

std::int8_t leaky_relu(const LeakyReluInt8& q, std::int8_t value) {
  return to_int8(leaky_relu_of(q, value));
}

std::int16_t leaky_relu(const LeakyReluInt8& q, std::int16_t value) {
  return to_int16(leaky_relu_of(q, value));
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

void l2_normalization(std::int32_t rows, std::int32_t depth, std::int32_t input_zero_point,
                      const std::int8_t* input, std::int8_t* output) {
  for (std::int32_t row = 0; row < rows; ++row, input += depth, output += depth) {
    std::int32_t squares = 0;
    for (std::int32_t i = 0; i < depth; ++i) {
      const std::int32_t value = input[i] - input_zero_point;
      squares = wrapping_add(squares, value * value);
    }
    auto factor = inverse_sqrt(squares);
    factor.shift += 7;  // the result's scale
    for (std::int32_t i = 0; i < depth; ++i) {
      output[i] = to_int8(multiply(input[i] - input_zero_point, factor));
    }
  }
}

void l2_normalization(std::int32_t rows, std::int32_t depth, const float* input, float* output) {
  constexpr float least = 1e-6F;
  for (std::int32_t row = 0; row < rows; ++row, input += depth, output += depth) {
    float squares = 0;
    for (std::int32_t i = 0; i < depth; ++i) squares += input[i] * input[i];
    const float length = std::sqrt(squares);
    const float divisor = length < least ? least : length;
    for (std::int32_t i = 0; i < depth; ++i) output[i] = input[i] / divisor;
  }
}

namespace {

template <class T>
void quantize_each(float scale, std::int32_t zero_point, std::size_t count, const float* input,
                   T* output) {
  // Bounded before it becomes an integer; as many steps saturate with any zero point.
  constexpr float most = static_cast<float>(4 << (8 * sizeof(T)));
  for (std::size_t i = 0; i < count; ++i) {
    const float steps = std::round(input[i] / scale);
    const float bounded = steps > -most ? (steps < most ? steps : most) : -most;
    output[i] = static_cast<T>(clamp<std::int32_t>(static_cast<std::int32_t>(bounded) + zero_point,
                                                   std::numeric_limits<T>::min(),
                                                   std::numeric_limits<T>::max()));
  }
}

}  // namespace

void quantize(float scale, std::int32_t zero_point, std::size_t count, const float* input,
              std::int8_t* output) {
  quantize_each(scale, zero_point, count, input, output);
}

void quantize(float scale, std::int32_t zero_point, std::size_t count, const float* input,
              std::int16_t* output) {
  quantize_each(scale, zero_point, count, input, output);
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

void dequantize(float scale, std::int32_t zero_point, std::size_t count, const std::int16_t* input,
                float* output) {
  dequantize_each(scale, zero_point, count, input, output);
}

void dequantize(float scale, std::int32_t zero_point, std::size_t count, const std::uint8_t* input,
                float* output) {
  dequantize_each(scale, zero_point, count, input, output);
}

}  // namespace aiot::inference::kernel
