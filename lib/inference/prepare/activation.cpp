#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "inference/prepare/prepare.hpp"

namespace aiot::inference {
namespace {

using Table = std::array<std::uint8_t, 256>;

/// `function` of each int8 value.
template <class F>
Table table_of(const F& function) {
  Table table{};
  for (int value = -128; value <= 127; ++value) {
    table[static_cast<std::uint8_t>(value)] =
        static_cast<std::uint8_t>(function(static_cast<std::int8_t>(value)));
  }
  return table;
}

Result<void> expect_output(const Node& node, const Tensor& output, float scale,
                           std::int32_t zero_point) {
  if (output.scale() == scale && output.zero_point() == zero_point) return {};
  return node.fail(Errc::unsupported_option,
                   fmt::format("an output scale of {} and a zero point of {} instead of {} and {}",
                               output.scale(), output.zero_point(), scale, zero_point));
}

Result<Table> sigmoid(const Node& node, const InOut& t) {
  constexpr int integer_bits = 4;
  const bool logistic = node.op().code == Code::logistic;
  AIOT_CHECK(
      expect_output(node, *t.output, logistic ? 1.0F / 256 : 1.0F / 128, logistic ? -128 : 0));
  kernel::SigmoidInt8 q;
  q.zero_point = t.input->zero_point();
  q.factor = kernel::factor_of(static_cast<double>(t.input->scale()) * (1 << (31 - integer_bits)));
  if (q.factor.shift < 0) {
    return node.fail(Errc::unsupported_option,
                     fmt::format("an input scale of {}", t.input->scale()));
  }
  // The largest value that fits Q4 once it is scaled; with a scale so large that none does, every
  // result is saturated and the factor not used.
  q.radius = static_cast<std::int32_t>(std::floor(std::ldexp(
      ((1 << integer_bits) - 1) * static_cast<double>(1 << (31 - integer_bits)), -q.factor.shift)));
  if (logistic) return table_of([&](std::int8_t x) { return kernel::logistic(q, x); });
  return table_of([&](std::int8_t x) { return kernel::tanh(q, x); });
}

/// The upper 16 bits of a factor's multiplier, rounded.
std::int16_t upper_half(std::int32_t multiplier) {
  constexpr std::int32_t half = 1 << 15;
  if (multiplier >= std::numeric_limits<std::int32_t>::max() - half) return 32'767;
  return static_cast<std::int16_t>((multiplier + half) >> 16);
}

Result<Table> hard_swish(const Node& node, const InOut& t) {
  // Scales are multiplied as floats here, as the reference does it.
  const float fine_scale = 1.0F / 128 * t.input->scale();
  AIOT_TRY(const auto output,
           checked_factor(node, static_cast<double>(fine_scale / t.output->scale())));
  AIOT_TRY(const auto relu,
           checked_factor(node, static_cast<double>(fine_scale / (3.0F / 32'768))));
  if (output.shift > 0 || output.shift < -15 || relu.shift < -15) {
    return node.fail(Errc::unsupported_option,
                     fmt::format("an input scale of {} and an output scale of {}", t.input->scale(),
                                 t.output->scale()));
  }
  const kernel::HardSwishInt8 q = {t.input->zero_point(),         t.output->zero_point(),
                                   upper_half(output.multiplier), output.shift,
                                   upper_half(relu.multiplier),   relu.shift};
  return table_of([&](std::int8_t x) { return kernel::hard_swish(q, x); });
}

Result<kernel::LeakyReluInt8> leaky_relu_of(const Node& node, const InOut& t) {
  const float alpha = node.options<LeakyReluOptions>().alpha;
  kernel::LeakyReluInt8 q;
  q.input_zero_point = t.input->zero_point();
  q.output_zero_point = t.output->zero_point();
  q.negative_alpha = alpha < 0;
  AIOT_TRY(q.positive,
           checked_factor(node, static_cast<double>(t.input->scale() / t.output->scale())));
  const float scaled = t.input->scale() * alpha / t.output->scale();
  AIOT_TRY(q.negative, checked_factor(node, std::abs(static_cast<double>(scaled))));
  return q;
}

Result<Table> leaky_relu(const Node& node, const InOut& t) {
  AIOT_TRY(const auto q, leaky_relu_of(node, t));
  return table_of([&](std::int8_t x) { return kernel::leaky_relu(q, x); });
}

Result<kernel::RescaleInt8> relu_of(const Node& node, const InOut& t) {
  kernel::RescaleInt8 q;
  q.input_zero_point = t.input->zero_point();
  q.output_zero_point = t.output->zero_point();
  AIOT_TRY(q.factor,
           checked_factor(node, static_cast<double>(t.input->scale() / t.output->scale())));
  AIOT_TRY(q.range, integer_range(node, Activation::relu, *t.output));
  return q;
}

Result<Table> relu(const Node& node, const InOut& t) {
  AIOT_TRY(const auto q, relu_of(node, t));
  return table_of([&](std::int8_t x) { return kernel::rescale(q, x); });
}

Result<Table> relu6(const Node& node, const InOut& t) {
  AIOT_CHECK(expect_same_quantization(node, *t.input, *t.output));
  AIOT_TRY(const auto range, integer_range(node, Activation::relu6, *t.input));
  return table_of([&](std::int8_t x) { return kernel::clamp<std::int32_t>(x, range); });
}

Result<Table> elu(const InOut& t) {
  const float to_steps = 1 / t.output->scale();
  return table_of([&](std::int8_t x) {
    const float value = t.input->scale() * static_cast<float>(x - t.input->zero_point());
    const float steps = std::round((value < 0 ? std::expm1(value) : value) * to_steps);
    const float bounded = std::clamp(steps, -1024.0F, 1024.0F);
    return kernel::to_int8(static_cast<std::int32_t>(bounded) + t.output->zero_point());
  });
}

Result<Table> absolute(const Node& node, const InOut& t) {
  kernel::RescaleInt8 q;
  q.output_zero_point = t.output->zero_point();
  AIOT_TRY(q.factor,
           checked_factor(node, static_cast<double>(t.input->scale() / t.output->scale())));
  const bool same = t.input->scale() == t.output->scale();
  return table_of([&](std::int8_t x) {
    const std::int32_t value = std::abs(x - t.input->zero_point());
    return same ? kernel::to_int8(value + q.output_zero_point)
                : static_cast<std::int8_t>(kernel::rescale(q, value));
  });
}

Result<Table> rsqrt(const Node& node, const InOut& t) {
  kernel::RsqrtInt8 q;
  q.input_zero_point = t.input->zero_point();
  q.output_zero_point = t.output->zero_point();
  AIOT_TRY(q.factor, checked_factor(node, 1 / static_cast<double>(std::sqrt(t.input->scale()) *
                                                                  t.output->scale())));
  return table_of([&](std::int8_t x) { return kernel::rsqrt(q, x); });
}

Result<Table> int8_table(const Node& node, const InOut& t) {
  switch (node.op().code) {
    case Code::logistic:
    case Code::tanh: return sigmoid(node, t);
    case Code::hard_swish: return hard_swish(node, t);
    case Code::leaky_relu: return leaky_relu(node, t);
    case Code::relu: return relu(node, t);
    case Code::relu6: return relu6(node, t);
    case Code::elu: return elu(t);
    case Code::abs: return absolute(node, t);
    case Code::rsqrt: return rsqrt(node, t);
    default: return node.fail(Errc::unsupported_option, "of int8 values");
  }
}

Result<void> expect_same_size(const Node& node, const Tensor& input, const Tensor& output) {
  if (input.elements() == output.elements()) return {};
  return node.fail(Errc::bad_model,
                   fmt::format("{} to {}", shape_text(input.shape), shape_text(output.shape)));
}

/// QUANTIZE between types of 8 bits.
Result<Table> rescale(const Node& node, const Tensor& input, const Tensor& output) {
  AIOT_CHECK(expect_one_scale(node, input, node.input_name(0)));
  AIOT_CHECK(expect_one_scale(node, output, node.output_name()));
  kernel::RescaleInt8 q;
  q.input_zero_point = input.zero_point();
  q.output_zero_point = output.zero_point();
  if (output.type == Type::uint8) q.range = {0, 255};
  AIOT_TRY(q.factor, checked_factor(node, static_cast<double>(input.scale()) /
                                              static_cast<double>(output.scale())));
  Table table{};
  for (int bits = 0; bits < 256; ++bits) {
    const auto byte = static_cast<std::uint8_t>(bits);
    const std::int32_t value = input.type == Type::int8 ? static_cast<std::int8_t>(byte) : bits;
    table[byte] = static_cast<std::uint8_t>(kernel::rescale(q, value));
  }
  return table;
}

}  // namespace

Result<Lookup> prepare_lookup(const Node& node) {
  AIOT_CHECK(node.expect(1, 1));
  Lookup lookup;
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_same_size(node, *input, *output));
  lookup.count = input->elements();
  lookup.input = node.input_index(0);
  lookup.output = node.output_index();
  if (node.op().code == Code::quantize) {
    AIOT_TRY(lookup.table, rescale(node, *input, *output));
    return lookup;
  }
  AIOT_TRY(const auto tensors, in_and_out(node, 1, 1));
  AIOT_TRY(lookup.table, int8_table(node, tensors));
  return lookup;
}

namespace {

Result<kernel::Function> function_of(const Node& node) {
  using kernel::Function;
  switch (node.op().code) {
    case Code::relu: return Function::relu;
    case Code::relu6: return Function::relu6;
    case Code::leaky_relu: return Function::leaky_relu;
    case Code::logistic: return Function::logistic;
    case Code::tanh: return Function::tanh;
    case Code::hard_swish: return Function::hard_swish;
    case Code::elu: return Function::elu;
    case Code::abs: return Function::abs;
    case Code::sin: return Function::sin;
    case Code::cos: return Function::cos;
    case Code::log: return Function::log;
    case Code::sqrt: return Function::sqrt;
    case Code::rsqrt: return Function::rsqrt;
    case Code::square: return Function::square;
    case Code::exp: return Function::exp;
    case Code::neg: return Function::neg;
    case Code::floor: return Function::floor;
    case Code::ceil: return Function::ceil;
    case Code::round: return Function::round;
    default: return node.fail(Errc::unsupported_operator, "no function of one value");
  }
}

}  // namespace

namespace {

/// Scales other than 2^-12 (and 2^-11 for TANH) become a multiplier of 15 bits.
Result<kernel::SigmoidInt16> wide_sigmoid(const Node& node, const InOut& t) {
  constexpr float output_scale = 1.0F / 32'768;
  AIOT_CHECK(expect_output(node, *t.output, output_scale, 0));
  const float scale = t.input->scale();
  int exponent = 0;
  const bool is_power = std::frexp(scale, &exponent) == 0.5F;
  const int left = 12 + exponent - 1;
  const int most_left = node.op().code == Code::tanh ? 1 : 0;
  if (is_power && left >= 0 && left <= most_left) return kernel::SigmoidInt16{3 << left, 0};
  kernel::SigmoidInt16 q;
  double multiplier = static_cast<double>(scale) * 4096.0 * 3.0;
  while (multiplier <= 32'767.0 / 2.0 && q.right <= 30) {
    ++q.right;
    multiplier *= 2.0;
  }
  if (multiplier >= 32'768) {
    return node.fail(Errc::unsupported_option, fmt::format("an input scale of {}", scale));
  }
  q.multiplier = static_cast<std::int32_t>(multiplier);
  return q;
}

}  // namespace

Result<WideFunction> prepare_wide_function(const Node& node) {
  AIOT_TRY(const auto t, in_and_out(node, 1, 1, true));
  AIOT_CHECK(expect_same_size(node, *t.input, *t.output));
  WideFunction function;
  function.code = node.op().code;
  function.count = t.input->elements();
  function.input = node.input_index(0);
  function.output = node.output_index();
  switch (function.code) {
    case Code::logistic:
    case Code::tanh: {
      AIOT_TRY(function.sigmoid, wide_sigmoid(node, t));
      return function;
    }
    case Code::relu: {
      AIOT_TRY(function.rescale, relu_of(node, t));
      return function;
    }
    case Code::relu6: {
      AIOT_CHECK(expect_same_quantization(node, *t.input, *t.output));
      AIOT_TRY(function.rescale.range, integer_range(node, Activation::relu6, *t.input));
      return function;
    }
    case Code::leaky_relu: {
      AIOT_TRY(function.leaky, leaky_relu_of(node, t));
      return function;
    }
    default: return node.fail(Errc::unsupported_option, "of int16 values");
  }
}

Result<RealFunction> prepare_real_function(const Node& node) {
  AIOT_TRY(const auto tensors, in_and_out(node, 1, 1));
  AIOT_CHECK(expect_same_size(node, *tensors.input, *tensors.output));
  RealFunction result;
  result.count = tensors.input->elements();
  result.input = node.input_index(0);
  result.output = node.output_index();
  AIOT_TRY(result.function, function_of(node));
  if (result.function == kernel::Function::leaky_relu) {
    result.alpha = node.options<LeakyReluOptions>().alpha;
  }
  return result;
}

namespace {

/// How differences of `input` become Q5, by beta.
Result<kernel::SoftmaxInt8> in_q5(const Node& node, const Tensor& input, float beta) {
  constexpr int integer_bits = 5;
  const double value = std::min(
      static_cast<double>(beta) * static_cast<double>(input.scale()) * (1 << (31 - integer_bits)),
      (1LL << 31) - 1.0);
  if (!(value > 1)) {
    return node.fail(Errc::bad_model,
                     fmt::format("beta {} with a scale of {}", beta, input.scale()));
  }
  kernel::SoftmaxInt8 result;
  result.beta = kernel::factor_of(value);
  // The largest difference whose product with beta still fits Q5.
  const double radius = ((1 << integer_bits) - 1) *
                        static_cast<double>(1LL << (31 - integer_bits)) /
                        static_cast<double>(1LL << result.beta.shift);
  result.least_difference = -static_cast<std::int32_t>(std::floor(radius));
  return result;
}

/// `function` of int16 values whose ends are those of `scale` and `zero_point`; the result's scale
/// is 2 / 65535. The reference computes with floats, and takes half of each step's error off.
template <class F>
kernel::TableInt16 table_of_int16(float scale, std::int32_t zero_point, const F& function) {
  constexpr int steps = kernel::TableInt16::steps;
  constexpr float out_scale = 2.0F / 65'535;
  const float first = scale * static_cast<float>(-32'768 - zero_point);
  const float last = scale * static_cast<float>(32'767 - zero_point);
  const float step = (last - first) / steps;
  const float to_steps = 65'536.0F / (out_scale * 32'767 - out_scale * -32'768);
  const auto stored = [](float value) {
    return static_cast<std::int16_t>(std::clamp(value, -32'768.0F, 32'767.0F));
  };
  kernel::TableInt16 table;
  for (int i = 0; i < steps; ++i) {
    const float at = first + static_cast<float>(i) * step;
    const float value = std::round(function(at) * to_steps);
    const float following = function(first + static_cast<float>(i + 1) * step);
    const float interpolated = std::round((following * to_steps + value) / 2);
    const float middle = std::round(function(at + step / 2) * to_steps);
    table.values[i] = stored(value - std::round((interpolated - middle) / 2));
  }
  table.values[steps] = stored(std::round(function(last) * to_steps));
  return table;
}

Result<kernel::SoftmaxInt16> wide_softmax(const Node& node, const Tensor& input, float beta) {
  kernel::SoftmaxInt16 result;
  AIOT_TRY(result.beta, checked_factor(node, static_cast<double>(input.scale()) *
                                                 static_cast<double>(beta) / (10.0 / 65'535.0)));
  result.exp = table_of_int16(10.0F / 65'535, 32'767, [](float x) { return std::exp(x); });
  result.one_over_one_plus =
      table_of_int16(1.0F / 65'535, -32'768, [](float x) { return 1.0F / (1.0F + x); });
  return result;
}

/// SOFTMAX and LOG_SOFTMAX: rows along the last dimension; of int8 values not too long.
constexpr std::int32_t most_exponentials = 4095;  // the sum of as many ones fits Q12
template <class T>
Result<T> rows_of(const Node& node, const InOut& t, std::int64_t most_depth = most_exponentials) {
  AIOT_CHECK(expect_shape(node, *t.output, t.input->shape, node.output_name()));
  if (t.input->shape.empty()) return node.fail(Errc::bad_model, "of a scalar");
  T rows;
  rows.type = t.input->type;
  rows.depth = t.input->shape.back();
  rows.rows = static_cast<std::int32_t>(t.input->elements() / static_cast<std::size_t>(rows.depth));
  rows.input = node.input_index(0);
  rows.output = node.output_index();
  if (t.quantized() && rows.depth > most_depth) {
    return node.fail(Errc::unsupported_option, fmt::format("int8 rows of {}", rows.depth));
  }
  return rows;
}

/// From int8 to int16: with scales that are as good as fixed.
Result<Softmax> softmax_to_int16(const Node& node, const InOut& t) {
  AIOT_CHECK(expect_one_scale(node, *t.input, node.input_name(0)));
  AIOT_TRY(auto softmax, rows_of<Softmax>(node, t));
  softmax.to_int16 = true;
  constexpr float scale = 1.0F / 65'536;
  if (std::abs(t.output->scale() - scale) > 0.001F * scale || t.output->zero_point() != -32'768) {
    AIOT_CHECK(expect_output(node, *t.output, scale, -32'768));
  }
  AIOT_TRY(softmax.quantized, in_q5(node, *t.input, node.options<SoftmaxOptions>().beta));
  return softmax;
}

}  // namespace

Result<L2Normalization> prepare_l2_normalization(const Node& node) {
  constexpr std::int32_t most_squares = 33'025;  // their sum fits 32 bits
  AIOT_TRY(const auto t, in_and_out(node, 1, 1));
  if (node.options<ArithmeticOptions>().activation != Activation::none) {
    return node.fail(Errc::unsupported_option, "a fused activation");
  }
  AIOT_TRY(auto norm, rows_of<L2Normalization>(node, t, most_squares));
  norm.zero_point = t.input->zero_point();
  return norm;
}

Result<Softmax> prepare_softmax(const Node& node) {
  AIOT_CHECK(node.expect(1, 1));
  AIOT_TRY(const auto* from, node.input(0));
  AIOT_TRY(const auto* to, node.output());
  if (from->type == Type::int8 && to->type == Type::int16) {
    return softmax_to_int16(node, {from, to});
  }
  AIOT_TRY(const auto tensors, in_and_out(node, 1, 1, true));
  AIOT_TRY(auto softmax, rows_of<Softmax>(node, tensors));
  softmax.beta = node.options<SoftmaxOptions>().beta;
  if (!tensors.quantized()) return softmax;
  if (softmax.type == Type::int16) {
    constexpr float scale = 1.0F / 32'768;
    if (std::abs(tensors.output->scale() - scale) > 0.001F * scale) {
      AIOT_CHECK(expect_output(node, *tensors.output, scale, 0));
    }
    AIOT_TRY(softmax.wide, wide_softmax(node, *tensors.input, softmax.beta));
    return softmax;
  }
  AIOT_CHECK(expect_output(node, *tensors.output, 1.0F / 256, -128));
  AIOT_TRY(softmax.quantized, in_q5(node, *tensors.input, softmax.beta));
  return softmax;
}

Result<LogSoftmax> prepare_log_softmax(const Node& node) {
  AIOT_TRY(const auto tensors, in_and_out(node, 1, 1));
  AIOT_TRY(auto result, rows_of<LogSoftmax>(node, tensors));
  if (!tensors.quantized()) return result;
  AIOT_CHECK(expect_output(node, *tensors.output, 1.0F / 16, 127));
  AIOT_TRY(result.quantized.forward, in_q5(node, *tensors.input, 1));
  const auto beta = result.quantized.forward.beta;
  const double back = static_cast<double>(1LL << (31 - beta.shift)) / beta.multiplier;
  if (back >= 1) {
    return node.fail(Errc::bad_model, fmt::format("a scale of {}", tensors.input->scale()));
  }
  AIOT_TRY(result.quantized.reverse, checked_factor(node, back));
  return result;
}

Result<Quantize> prepare_quantize(const Node& node) {
  AIOT_CHECK(node.expect(1, 1));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  const bool to_integer = node.op().code == Code::quantize;
  const auto type = to_integer ? output->type : input->type;
  AIOT_CHECK(expect_type(node, to_integer ? *input : *output, Type::float32,
                         to_integer ? node.input_name(0) : node.output_name()));
  if (type != Type::int8 && type != Type::int16 && (to_integer || type != Type::uint8)) {
    return node.fail(Errc::unsupported_option,
                     fmt::format("{} to {}", name_of(input->type), name_of(output->type)));
  }
  const auto& quantized = to_integer ? *output : *input;
  AIOT_CHECK(
      expect_one_scale(node, quantized, to_integer ? node.output_name() : node.input_name(0)));
  if (input->elements() != output->elements()) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} to {}", shape_text(input->shape), shape_text(output->shape)));
  }
  return Quantize{
      input->type,       output->type,        quantized.scale(),  quantized.zero_point(),
      input->elements(), node.input_index(0), node.output_index()};
}

Result<IntegerQuantize> prepare_integer_quantize(const Node& node) {
  AIOT_CHECK(node.expect(1, 1));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_same_size(node, *input, *output));
  AIOT_CHECK(expect_one_scale(node, *input, node.input_name(0)));
  AIOT_CHECK(expect_one_scale(node, *output, node.output_name()));
  const bool takes = input->type == Type::int8 || input->type == Type::int16;
  const bool gives =
      output->type == Type::int8 || output->type == Type::int16 || output->type == Type::int32;
  if (!takes || !gives) {
    return node.fail(Errc::unsupported_option,
                     fmt::format("{} to {}", name_of(input->type), name_of(output->type)));
  }
  IntegerQuantize result{input->type, output->type,      input->zero_point(), output->zero_point(),
                         {},          input->elements(), node.input_index(0), node.output_index()};
  AIOT_TRY(result.factor, checked_factor(node, static_cast<double>(input->scale()) /
                                                   static_cast<double>(output->scale())));
  return result;
}

}  // namespace aiot::inference
