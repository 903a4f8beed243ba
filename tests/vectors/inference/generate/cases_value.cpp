#include <algorithm>
#include <array>
#include <cmath>

#include "cases.hpp"

namespace vectors {
namespace {

using namespace aiot::inference;

/// Two shapes of which either may be repeated, and what they make.
struct Pair {
  Shape a, b, output;
};
Pair shapes(Random& r) {
  Pair pair;
  for (auto rank = r.between(1, 4); rank > 0; --rank) pair.output.push_back(r.between(1, 5));
  pair.a = pair.b = pair.output;
  if (r.chance(50)) return pair;
  for (std::size_t i = 0; i < pair.output.size(); ++i) {
    const auto which = r.between(0, 3);
    if (which == 0) pair.a[i] = 1;
    if (which == 1) pair.b[i] = 1;
  }
  if (r.chance(30)) {  // the shorter shape begins further right
    const auto dropped = r.between(0, static_cast<std::int32_t>(pair.b.size()) - 1);
    pair.b.erase(pair.b.begin(), pair.b.begin() + dropped);
  }
  for (std::size_t i = 0; i < pair.output.size(); ++i) {
    const auto missing = pair.output.size() - pair.b.size();
    const auto b = i < missing ? 1 : pair.b[i - missing];
    pair.output[i] = std::max(pair.a[i], b);
  }
  return pair;
}

Bytes arithmetic(Random& r, Type type, Code code) {
  OneOperator op(r, code);
  const ArithmeticOptions o{static_cast<Activation>(r.chance(50) ? 0 : r.between(0, 3))};
  const auto pair = shapes(r);
  const auto a = op.quantization(0.005F, 0.5F);
  const auto b = op.quantization(0.005F, 0.5F);
  op.input(type, pair.a, a);
  if (r.chance(30)) {
    op.constant(type, pair.b, b, op.values(type, elements(pair.b)));
  } else {
    op.input(type, pair.b, b);
  }
  float scale = code == Code::mul ? a.scales[0] * b.scales[0] * (type == Type::int16 ? 16'384 : 64)
                                  : std::max(a.scales[0], b.scales[0]) * 1.5F;
  scale *= r.chance(75) ? r.scale(0.3F, 2) : r.scale(code == Code::mul ? 0.0001F : 0.01F, 100);
  op.output(type, pair.output, {{scale}, {op.zero_point()}, 0});
  return op.file(o);
}
Bytes add(Random& r, Type type) { return arithmetic(r, type, Code::add); }
Bytes sub(Random& r, Type type) { return arithmetic(r, type, Code::sub); }
Bytes mul(Random& r, Type type) { return arithmetic(r, type, Code::mul); }

Bytes squared_difference(Random& r, Type type) {
  OneOperator op(r, Code::squared_difference);
  const auto pair = shapes(r);
  const auto a = op.quantization(0.005F, 0.5F);
  const auto b = op.quantization(0.005F, 0.5F);
  op.input(type, pair.a, a);
  op.input(type, pair.b, b);
  const float larger = std::max(a.scales[0], b.scales[0]);
  const float scale = larger * larger * (r.chance(75) ? r.scale(30, 300) : r.scale(0.1F, 1e5F));
  op.output(type, pair.output, {{scale}, {op.zero_point()}, 0});
  return op.file(NoOptions{});
}

/// By a constant: nothing is divided by 0. The reference ends at output scales beyond these.
Bytes div(Random& r, Type type) {
  OneOperator op(r, Code::div);
  const ArithmeticOptions o{static_cast<Activation>(r.chance(50) ? 0 : r.between(0, 3))};
  const auto pair = shapes(r);
  const auto a = op.quantization(0.005F, 0.5F);
  const auto b = op.quantization(0.005F, 0.5F);
  op.input(type, pair.a, a);
  auto values = op.values(type, elements(pair.b));
  for (auto& value : values) {
    if (type == Type::int8 && static_cast<std::int8_t>(value) == b.zero_points[0]) value ^= 1;
  }
  op.constant(type, pair.b, b, std::move(values));
  const float ratio = a.scales[0] / b.scales[0];
  op.output(type, pair.output, {{ratio * r.scale(0.0001F, 0.0075F)}, {op.zero_point()}, 0});
  return op.file(o);
}

Bytes prelu(Random& r, Type type) {
  OneOperator op(r, Code::prelu);
  const auto n = r.between(1, 2);
  const auto h = r.between(1, 4);
  const auto w = r.between(1, 4);
  const auto c = r.between(1, 8);
  const auto in = op.quantization(0.005F, 0.5F);
  const auto alpha = op.quantization(0.001F, 0.02F);
  const Shape alpha_shape = r.chance(70) ? Shape{1, 1, c} : Shape{h, w, c};
  op.input(type, {n, h, w, c}, in);
  const auto alpha_type = type == Type::int16 ? Type::int8 : type;
  op.constant(alpha_type, alpha_shape, alpha, op.values(alpha_type, elements(alpha_shape)));
  op.output(type, {n, h, w, c},
            {{in.scales[0] * (r.chance(75) ? r.scale(0.3F, 2) : r.scale(0.01F, 100))},
             {op.zero_point()},
             0});
  return op.file(NoOptions{});
}

Bytes extreme(Random& r, Type type, Code code) {
  OneOperator op(r, code);
  const auto pair = shapes(r);
  const auto q = op.quantization(0.005F, 0.5F);
  op.input(type, pair.a, q);
  op.input(type, pair.b, q);
  op.output(type, pair.output, q);
  return op.file(NoOptions{});
}
Bytes maximum(Random& r, Type type) { return extreme(r, type, Code::maximum); }
Bytes minimum(Random& r, Type type) { return extreme(r, type, Code::minimum); }

Bytes arg_extreme(Random& r, Type type, Code code) {
  OneOperator op(r, code);
  Shape shape;
  for (auto rank = r.between(1, 4); rank > 0; --rank) shape.push_back(r.between(1, 6));
  const auto rank = static_cast<std::int32_t>(shape.size());
  const auto axis = r.between(-rank, rank - 1);
  op.input(type, shape, op.quantization(0.005F, 0.5F));
  op.constant_integers({axis});
  shape.erase(shape.begin() + (axis < 0 ? axis + rank : axis));
  op.output(Type::int32, shape, {});
  return op.file(ArgOptions{Type::int32});
}
Bytes arg_max(Random& r, Type type) { return arg_extreme(r, type, Code::arg_max); }
Bytes arg_min(Random& r, Type type) { return arg_extreme(r, type, Code::arg_min); }

Bytes log_softmax(Random& r, Type type) {
  OneOperator op(r, Code::log_softmax);
  const Shape shape = r.chance(30) ? Shape{r.between(1, 3), r.between(1, 4), r.between(1, 20)}
                                   : Shape{r.between(1, 4), r.between(1, 60)};
  op.input(type, shape, op.quantization(0.0005F, 1));
  op.output(type, shape, {{1.0F / 16}, {127}, 0});
  return op.file(NoOptions{});
}

Bytes compare(Random& r, Type type) {
  constexpr std::array codes = {Code::equal,      Code::not_equal, Code::less,
                                Code::less_equal, Code::greater,   Code::greater_equal};
  OneOperator op(r, codes[static_cast<std::size_t>(r.between(0, 5))]);
  const auto pair = shapes(r);
  const auto a = op.quantization(0.005F, 0.5F);
  const auto b = r.chance(50) ? a : op.quantization(0.005F, 0.5F);
  if (type == Type::int8 && r.chance(20)) type = r.chance(50) ? Type::int32 : Type::int64;
  if (r.chance(20)) {  // all are equal
    op.input(type, pair.output, a);
    op.again();
  } else {
    op.constant(type, pair.a, a, op.values(type, elements(pair.a)));
    op.input(type, pair.b, b);
  }
  op.output(Type::boolean, pair.output, {});
  return op.file(NoOptions{});
}

Bytes logical(Random& r, Type /*type*/) {
  const auto which = r.between(0, 2);
  OneOperator op(r, which == 0   ? Code::logical_or
                    : which == 1 ? Code::logical_and
                                 : Code::logical_not);
  const auto pair = shapes(r);
  op.input(Type::boolean, pair.a, {});
  if (which != 2) op.input(Type::boolean, pair.b, {});
  op.output(Type::boolean, which == 2 ? pair.a : pair.output, {});
  return op.file(NoOptions{});
}

Bytes cast(Random& r, Type type) {
  OneOperator op(r, Code::cast);
  constexpr std::array types = {Type::int8, Type::int16, Type::int32, Type::float32};
  const auto to = types[static_cast<std::size_t>(r.between(0, 3))];
  // Of floats int32 alone: narrower types are left to the machine there.
  const Shape shape = {r.between(1, 3), r.between(1, 20)};
  op.input(type, shape, op.quantization(0.01F, 1));
  op.output(type == Type::float32 && to != Type::float32 ? Type::int32 : to, shape,
            op.quantization(0.01F, 1));
  return op.file(NoOptions{});
}

Bytes softmax(Random& r, Type type) {
  OneOperator op(r, Code::softmax);
  const float beta = r.chance(70) ? 1 : r.scale(0.1F, 4);
  const Shape shape = r.chance(30) ? Shape{r.between(1, 3), r.between(1, 4), r.between(1, 20)}
                                   : Shape{r.between(1, 4), r.between(1, 60)};
  op.input(type, shape, op.quantization(0.0005F, 1));
  op.output(type, shape, {{1.0F / 256}, {-128}, 0});
  return op.file(SoftmaxOptions{beta});
}

/// ADD, SUB, MUL, SQUARED_DIFFERENCE and PRELU, whose alpha is int8.
Bytes arithmetic_int16(Random& r, Type /*type*/) {
  constexpr std::array codes = {Code::add, Code::sub, Code::mul, Code::squared_difference,
                                Code::prelu};
  const auto code = codes[static_cast<std::size_t>(r.between(0, 4))];
  if (code == Code::prelu) return prelu(r, Type::int16);
  if (code != Code::squared_difference) return arithmetic(r, Type::int16, code);
  OneOperator op(r, code);
  const auto pair = shapes(r);
  const auto a = op.quantization(0.005F, 0.5F);
  const auto b = op.quantization(0.005F, 0.5F);
  op.input(Type::int16, pair.a, a);
  op.input(Type::int16, pair.b, b);
  const float larger = std::max(a.scales[0], b.scales[0]);
  op.output(Type::int16, pair.output, {{larger * larger * r.scale(0.3F, 1e5F)}, {0}, 0});
  return op.file(NoOptions{});
}

/// Of values that stand for themselves.
Bytes arithmetic_int32(Random& r, Type /*type*/) {
  constexpr std::array codes = {Code::add, Code::sub, Code::mul};
  OneOperator op(r, codes[static_cast<std::size_t>(r.between(0, 2))]);
  const auto pair = shapes(r);
  op.input(Type::int32, pair.a, {});
  if (r.chance(30)) {
    op.constant(Type::int32, pair.b, {}, op.values(Type::int32, elements(pair.b)));
  } else {
    op.input(Type::int32, pair.b, {});
  }
  op.output(Type::int32, pair.output, {});
  return op.file(ArithmeticOptions{});
}

/// QUANTIZE from float32 to int16, and DEQUANTIZE.
Bytes convert_int16(Random& r, Type /*type*/) {
  const bool to = r.chance(50);
  OneOperator op(r, to ? Code::quantize : Code::dequantize);
  const auto q = op.quantization(0.00005F, 0.01F);
  op.input(to ? Type::float32 : Type::int16, {100}, to ? Quantization{} : q);
  op.output(to ? Type::int16 : Type::float32, {100}, to ? q : Quantization{});
  return op.file(NoOptions{});
}

Bytes softmax_int16(Random& r, Type /*type*/) {
  OneOperator op(r, Code::softmax);
  const float beta = r.chance(70) ? 1 : r.scale(0.1F, 4);
  const Shape shape = {r.between(1, 4), r.between(1, 60)};
  op.input(Type::int16, shape, op.quantization(0.000002F, 0.001F));
  op.output(Type::int16, shape, {{1.0F / 32768}, {0}, 0});
  return op.file(SoftmaxOptions{beta});
}

constexpr Shape::value_type all_values = 256;

/// A function of one value over many of them.
Bytes function(Random& r, Type type, Code code, const Quantization& in, const Quantization& out,
               float alpha = 0) {
  OneOperator op(r, code);
  const Shape shape = {type == Type::int8 ? all_values : 64};
  op.input(type, shape, in);
  op.output(type, shape, out);
  if (code == Code::leaky_relu) return op.file(LeakyReluOptions{alpha});
  return op.file(NoOptions{});
}

Quantization any_scale(Random& r, float least, float most) {
  OneOperator op(r, Code::relu);
  return op.quantization(least, most);
}

Bytes logistic(Random& r, Type type) {
  return function(r, type, Code::logistic, any_scale(r, 0.0005F, 1), {{1.0F / 256}, {-128}, 0});
}
Bytes tanh(Random& r, Type type) {
  return function(r, type, Code::tanh, any_scale(r, 0.0005F, 1), {{1.0F / 128}, {0}, 0});
}
Bytes hard_swish(Random& r, Type type) {
  const auto in = any_scale(r, 0.003F, 1);
  auto out = any_scale(r, 0.02F, 10);
  out.scales[0] *= in.scales[0];
  return function(r, type, Code::hard_swish, in, out);
}
Bytes relu(Random& r, Type type) {
  const auto in = any_scale(r, 0.003F, 1);
  auto out = any_scale(r, 0.01F, 20);
  out.scales[0] *= in.scales[0];
  return function(r, type, Code::relu, in, out);
}
Bytes relu6(Random& r, Type type) {
  const auto in = any_scale(r, 0.003F, 1);
  return function(r, type, Code::relu6, in, in);
}
Bytes leaky_relu(Random& r, Type type) {
  const auto in = any_scale(r, 0.003F, 1);
  auto out = any_scale(r, 0.01F, 20);
  out.scales[0] *= in.scales[0];
  const float alpha = r.chance(20) ? -r.scale(0.01F, 2) : r.scale(0.001F, 2);
  return function(r, type, Code::leaky_relu, in, out, alpha);
}

/// LOGISTIC, TANH, RELU, RELU6 and LEAKY_RELU; scales of the first two are often powers of 2.
Bytes functions_int16(Random& r, Type /*type*/) {
  const auto which = r.between(0, 4);
  const Quantization out = {{1.0F / 32'768}, {0}, 0};
  if (which < 2) {
    auto in = any_scale(r, 0.00002F, 0.002F);
    if (r.chance(50)) in.scales[0] = 1.0F / static_cast<float>(1 << r.between(10, 14));
    return function(r, Type::int16, which == 0 ? Code::logistic : Code::tanh, in, out);
  }
  const auto in = any_scale(r, 0.0001F, 0.01F);
  if (which == 2) return function(r, Type::int16, Code::relu6, in, in);
  auto other = any_scale(r, 0.01F, 20);
  other.scales[0] *= in.scales[0];
  if (which == 3) return function(r, Type::int16, Code::relu, in, other);
  const float alpha = r.chance(20) ? -r.scale(0.01F, 2) : r.scale(0.001F, 2);
  return function(r, Type::int16, Code::leaky_relu, in, other, alpha);
}

Bytes elu(Random& r, Type type) {
  const auto in = any_scale(r, 0.003F, 0.1F);
  return function(r, type, Code::elu, in, any_scale(r, 0.003F, 0.3F));
}
Bytes abs(Random& r, Type type) {
  const auto in = any_scale(r, 0.003F, 1);
  auto out = any_scale(r, 0.1F, 4);
  out.scales[0] = r.chance(30) ? in.scales[0] : out.scales[0] * in.scales[0];
  return function(r, type, Code::abs, in, out);
}
/// Of what is not negative, as the reference demands it.
Bytes rsqrt(Random& r, Type type) {
  auto in = any_scale(r, 0.001F, 1);
  in.zero_points[0] = -128;
  auto out = any_scale(r, 0.003F, 0.1F);
  out.scales[0] /= std::sqrt(in.scales[0]);
  return function(r, type, Code::rsqrt, in, out);
}
/// Those that the reference has of float32 alone.
Bytes float_functions(Random& r, Type /*type*/) {
  constexpr std::array codes = {Code::sin, Code::cos, Code::log,   Code::sqrt, Code::square,
                                Code::exp, Code::neg, Code::floor, Code::ceil, Code::round};
  const auto code = codes[static_cast<std::size_t>(r.between(0, 9))];
  return function(r, Type::float32, code, {}, {});
}

/// From float32 (`type`) or between types of 8 bits.
Bytes quantize(Random& r, Type type) {
  OneOperator op(r, Code::quantize);
  if (type == Type::float32) {
    op.input(type, {100}, {});
    op.output(Type::int8, {100}, op.quantization(0.005F, 0.3F));
    return op.file(NoOptions{});
  }
  const auto which = r.between(0, 2);
  const auto from = which == 1 ? Type::uint8 : Type::int8;
  const auto to = which == 2 ? Type::uint8 : Type::int8;
  auto in = op.quantization(0.003F, 1);
  auto out = r.chance(25) ? in : op.quantization(0.01F, 20);
  if (out.scales != in.scales) out.scales[0] *= in.scales[0];
  if (from == Type::uint8) in.zero_points[0] += 128;
  if (to == Type::uint8) out.zero_points[0] += 128;
  op.input(from, {all_values}, in);
  op.output(to, {all_values}, out);
  return op.file(NoOptions{});
}

Bytes dequantize(Random& r, Type) {
  OneOperator op(r, Code::dequantize);
  auto q = op.quantization(0.0001F, 10);
  const auto type = r.chance(30) ? Type::uint8 : Type::int8;
  if (type == Type::uint8) q.zero_points[0] += 128;
  op.input(type, {all_values}, q);
  op.output(Type::float32, {all_values}, {});
  return op.file(NoOptions{});
}

/// By a constant: nothing is divided by 0.
Bytes floored(Random& r, Code code) {
  OneOperator op(r, code);
  const auto pair = shapes(r);
  op.input(Type::float32, pair.a, {});
  op.constant(Type::float32, pair.b, {}, op.values(Type::float32, elements(pair.b)));
  op.output(Type::float32, pair.output, {});
  return op.file(NoOptions{});
}
Bytes floor_div(Random& r, Type /*type*/) { return floored(r, Code::floor_div); }
Bytes floor_mod(Random& r, Type /*type*/) { return floored(r, Code::floor_mod); }

/// The scale of sums of about `count` values.
Quantization of_sums(OneOperator& op, const Quantization& in, std::int32_t count) {
  auto& r = op.random();
  const float scale = in.scales[0] * std::sqrt(static_cast<float>(count)) *
                      (r.chance(75) ? r.scale(0.3F, 3) : r.scale(0.01F, 100));
  return {{scale}, {op.zero_point()}, 0};
}

Bytes add_n(Random& r, Type type) {
  OneOperator op(r, Code::add_n);
  const auto shape = shapes(r).output;
  const auto in = op.quantization(0.005F, 0.5F);
  const auto count = r.between(2, 7);
  for (auto i = 0; i < count; ++i) {
    if (i > 0 && r.chance(30)) {
      op.constant(type, shape, in, op.values(type, elements(shape)));
    } else {
      op.input(type, shape, in);
    }
  }
  op.output(type, shape, of_sums(op, in, count));
  return op.file(NoOptions{});
}

Bytes cumsum(Random& r, Type type) {
  OneOperator op(r, Code::cumsum);
  Shape shape;
  for (auto rank = r.between(1, 4); rank > 0; --rank) shape.push_back(r.between(1, 9));
  const auto rank = static_cast<std::int32_t>(shape.size());
  const auto axis = r.between(-rank, rank - 1);
  const auto in = op.quantization(0.005F, 0.5F);
  op.input(type, shape, in);
  op.constant_integers({axis});
  op.output(type, shape,
            of_sums(op, in, shape[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)]));
  return op.file(CumSumOptions{r.chance(50), r.chance(50)});
}

Bytes l2_normalization(Random& r, Type type) {
  OneOperator op(r, Code::l2_normalization);
  const Shape shape = r.chance(30) ? Shape{r.between(1, 3), r.between(1, 4), r.between(1, 20)}
                                   : Shape{r.between(1, 4), r.between(1, 60)};
  op.input(type, shape, op.quantization(0.0005F, 1));
  op.output(type, shape, {{1.0F / 128}, {0}, 0});
  return op.file(ArithmeticOptions{});
}

constexpr Maker makers[] = {{"floor_div", floor_div},
                            {"floor_mod", floor_mod},
                            {"add_n", add_n},
                            {"cumsum", cumsum},
                            {"l2_normalization", l2_normalization},
                            {"add", add},
                            {"sub", sub},
                            {"mul", mul},
                            {"div", div},
                            {"squared_difference", squared_difference},
                            {"prelu", prelu},
                            {"maximum", maximum},
                            {"minimum", minimum},
                            {"arg_max", arg_max},
                            {"arg_min", arg_min},
                            {"softmax", softmax},
                            {"log_softmax", log_softmax},
                            {"logistic", logistic},
                            {"tanh", tanh},
                            {"hard_swish", hard_swish},
                            {"relu", relu},
                            {"relu6", relu6},
                            {"leaky_relu", leaky_relu},
                            {"elu", elu},
                            {"abs", abs},
                            {"rsqrt", rsqrt},
                            {"float_functions", float_functions},
                            {"quantize", quantize},
                            {"cast", cast},
                            {"compare", compare},
                            {"logical", logical, true},
                            {"softmax_int16", softmax_int16, true},
                            {"arithmetic_int16", arithmetic_int16, true},
                            {"arithmetic_int32", arithmetic_int32, true},
                            {"convert_int16", convert_int16, true},
                            {"functions_int16", functions_int16, true},
                            {"dequantize", dequantize, true}};

}  // namespace

std::span<const Maker> value_makers() { return makers; }

}  // namespace vectors
