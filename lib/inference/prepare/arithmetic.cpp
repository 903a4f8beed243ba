#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <variant>

#include "inference/prepare/prepare.hpp"

namespace aiot::inference {
namespace {

/// The extents of `shape`, from the last dimension on; 1 in front of the first.
std::int32_t extent_from_end(const std::vector<std::int32_t>& shape, std::size_t from_end) {
  return from_end < shape.size() ? shape[shape.size() - 1 - from_end] : 1;
}

Result<kernel::Broadcast> broadcast(const Node& node, const Tensor& a, const Tensor& b,
                                    const Tensor& output) {
  constexpr std::size_t rank = kernel::Broadcast::rank;
  if (output.shape.size() > rank) {
    return node.fail(Errc::unsupported_option, fmt::format("{} dimensions", output.shape.size()));
  }
  kernel::Broadcast result;
  std::size_t step_a = 1;
  std::size_t step_b = 1;
  for (std::size_t i = 0; i < std::max({rank, a.shape.size(), b.shape.size()}); ++i) {
    const auto in_a = extent_from_end(a.shape, i);
    const auto in_b = extent_from_end(b.shape, i);
    const auto out = extent_from_end(output.shape, i);
    if ((in_a != out && in_a != 1) || (in_b != out && in_b != 1) || std::max(in_a, in_b) != out) {
      return node.fail(Errc::bad_model, fmt::format("{} and {} do not make {}", shape_text(a.shape),
                                                    shape_text(b.shape), shape_text(output.shape)));
    }
    if (i >= rank) continue;
    result.extent[rank - 1 - i] = out;
    result.step_a[rank - 1 - i] = in_a == 1 ? 0 : step_a;
    result.step_b[rank - 1 - i] = in_b == 1 ? 0 : step_b;
    step_a *= static_cast<std::size_t>(in_a);
    step_b *= static_cast<std::size_t>(in_b);
  }
  return result;
}

/// The reference refuses factors of 1 and more here.
Result<kernel::Factor> factor_below_one(const Node& node, double value) {
  if (value > 0 && value < 1) {
    const auto factor = kernel::factor_of(value);
    if (factor.shift <= 0) return factor;
  }
  return node.fail(Errc::bad_model, fmt::format("scales whose quotient is {}", value));
}

/// ADD and SUB go by the same quotients, but the reference computes those of SUB with floats.
template <class Real>
Result<void> set_sum_factors(const Node& node, Type type, Real a, Real b, Real output,
                             kernel::ArithmeticInt8& q) {
  const Real twice_larger = 2 * std::max(a, b);
  const int left_shift = type == Type::int16 ? kernel::add_left_shift<std::int16_t>
                                             : kernel::add_left_shift<std::int8_t>;
  const Real output_steps = static_cast<Real>(1 << left_shift) * output;
  AIOT_TRY(q.factor_a, factor_below_one(node, static_cast<double>(a / twice_larger)));
  AIOT_TRY(q.factor_b, factor_below_one(node, static_cast<double>(b / twice_larger)));
  AIOT_TRY(q.factor_output,
           factor_below_one(node, static_cast<double>(twice_larger / output_steps)));
  return {};
}

Result<void> set_factors(const Node& node, Type type, float a, float b, float output,
                         kernel::ArithmeticInt8& q) {
  const auto wide = [](float scale) { return static_cast<double>(scale); };
  switch (node.op().code) {
    case Code::mul: {
      AIOT_TRY(q.factor_output, checked_factor(node, wide(a) * wide(b) / wide(output)));
      return {};
    }
    case Code::sub: return set_sum_factors(node, type, a, b, output, q);
    case Code::div: {
      AIOT_TRY(q.factor_output, checked_factor(node, wide(a / (b * output))));
      if (q.factor_output.shift <= kernel::max_div_shift) return {};
      return node.fail(Errc::unsupported_option, "a quotient beyond the output's scale");
    }
    case Code::squared_difference: {
      const double twice_larger = 2 * wide(std::max(a, b));
      const auto steps =
          1 << (2 * (type == Type::int16 ? kernel::difference_left_shift<std::int16_t>
                                         : kernel::difference_left_shift<std::int8_t>));
      AIOT_TRY(q.factor_a, factor_below_one(node, wide(a) / twice_larger));
      AIOT_TRY(q.factor_b, factor_below_one(node, wide(b) / twice_larger));
      AIOT_TRY(q.factor_output, checked_factor(node, twice_larger * twice_larger /
                                                         wide(static_cast<float>(steps) * output)));
      return {};
    }
    case Code::prelu: {
      AIOT_TRY(q.factor_a, checked_factor(node, wide(a) / wide(output)));
      AIOT_TRY(q.factor_b, checked_factor(node, wide(a) * wide(b) / wide(output)));
      return {};
    }
    default: return set_sum_factors(node, type, wide(a), wide(b), wide(output), q);
  }
}

}  // namespace

namespace {

/// What the fused activation leaves of int32 values that stand for themselves.
Result<kernel::Range<std::int32_t>> plain_range(const Node& node, Activation activation) {
  using Limits = std::numeric_limits<std::int32_t>;
  switch (activation) {
    case Activation::none: return kernel::Range<std::int32_t>{Limits::min(), Limits::max()};
    case Activation::relu: return kernel::Range<std::int32_t>{0, Limits::max()};
    case Activation::relu6: return kernel::Range<std::int32_t>{0, 6};
    case Activation::relu_n1_to_1: return kernel::Range<std::int32_t>{-1, 1};
    default: return node.fail(Errc::unsupported_option, "a fused activation");
  }
}

/// The inputs and the output of ADD, SUB and MUL may be int32 without a scale.
Result<InOut> plain_in_and_out(const Node& node) {
  AIOT_CHECK(node.expect(2, 2));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_type(node, *output, Type::int32, node.output_name()));
  for (const auto* tensor : {input, output}) {
    if (!tensor->quantization.scales.empty()) {
      return node.fail(Errc::unsupported_option, "int32 with a scale");
    }
  }
  return InOut{input, output};
}

bool is_plain(const Node& node) {
  const auto code = node.op().code;
  if (code != Code::add && code != Code::sub && code != Code::mul) return false;
  const auto* input = node.optional_input(0);
  return input != nullptr && input->type == Type::int32;
}

/// What the reference has of int16 too.
bool takes_int16(Code code) {
  return code == Code::add || code == Code::sub || code == Code::mul ||
         code == Code::squared_difference || code == Code::prelu;
}

}  // namespace

Result<Arithmetic> prepare_arithmetic(const Node& node) {
  Arithmetic result;
  result.code = node.op().code;
  const bool plain = is_plain(node);
  AIOT_TRY(const auto tensors,
           plain ? plain_in_and_out(node) : in_and_out(node, 2, 2, takes_int16(result.code)));
  AIOT_TRY(const auto* second, node.input(1));
  result.type = tensors.input->type;
  const bool wide = result.type == Type::int16;
  const auto second_type = wide && result.code == Code::prelu ? Type::int8 : result.type;
  AIOT_CHECK(expect_type(node, *second, second_type, node.input_name(1)));
  result.a = node.input_index(0);
  result.b = node.input_index(1);
  result.output = node.output_index();
  AIOT_TRY(result.shape, broadcast(node, *tensors.input, *second, *tensors.output));
  result.same_shapes = tensors.input->elements() == second->elements();
  const auto* options = std::get_if<ArithmeticOptions>(&node.op().options);
  const auto activation = options == nullptr ? Activation::none : options->activation;
  if (plain) {
    AIOT_TRY(result.quantized.range, plain_range(node, activation));
    return result;
  }
  if (result.code == Code::floor_div || result.code == Code::floor_mod) {
    AIOT_CHECK(expect_type(node, *tensors.input, Type::float32, node.input_name(0)));
  }
  if (!tensors.quantized()) {
    AIOT_TRY(result.range, float_range(node, activation));
    return result;
  }
  if (wide && second_type == Type::int16 && second->zero_point() != 0) {
    return node.fail(Errc::unsupported_option, "int16 with a zero point");
  }
  AIOT_CHECK(expect_one_scale(node, *second, node.input_name(1)));
  auto& q = result.quantized;
  q.offset_a = -tensors.input->zero_point();
  q.offset_b = -second->zero_point();
  q.output_offset = tensors.output->zero_point();
  AIOT_TRY(q.range, integer_range(node, activation, *tensors.output));
  AIOT_CHECK(set_factors(node, result.type, tensors.input->scale(), second->scale(),
                         tensors.output->scale(), q));
  return result;
}

namespace {

/// ADD_N and CUMSUM: the values twice as fine as the input's, then to the output's scale.
Result<kernel::ArithmeticInt8> sum_of_int8(const Node& node, const InOut& t) {
  kernel::ArithmeticInt8 q;
  q.offset_a = -t.input->zero_point();
  q.output_offset = t.output->zero_point();
  const auto scale = static_cast<double>(t.input->scale());
  const auto output_scale = static_cast<double>(t.output->scale());
  AIOT_CHECK(set_sum_factors(node, Type::int8, scale, scale, output_scale, q));
  return q;
}

}  // namespace

Result<AddN> prepare_add_n(const Node& node) {
  AIOT_TRY(const auto t, in_and_out(node, 2, std::max<std::size_t>(node.inputs(), 2)));
  AIOT_CHECK(expect_shape(node, *t.output, t.input->shape, node.output_name()));
  AddN sum;
  sum.type = t.input->type;
  sum.count = t.output->elements();
  sum.output = node.output_index();
  for (std::size_t i = 0; i < node.inputs(); ++i) {
    AIOT_TRY(const auto* input, node.input(i));
    AIOT_CHECK(expect_type(node, *input, t.input->type, node.input_name(i)));
    AIOT_CHECK(expect_shape(node, *input, t.input->shape, node.input_name(i)));
    if (input->scale() != t.input->scale() || input->zero_point() != t.input->zero_point()) {
      return node.fail(Errc::bad_model, node.input_name(i) + " has another scale than the first");
    }
    sum.inputs.push_back(node.input_index(i));
  }
  if (!t.quantized()) return sum;
  AIOT_TRY(sum.quantized, sum_of_int8(node, t));
  return sum;
}

Result<CumSum> prepare_cumsum(const Node& node) {
  AIOT_TRY(const auto t, in_and_out(node, 2, 2));
  const auto& shape = t.input->shape;
  AIOT_CHECK(expect_shape(node, *t.output, shape, node.output_name()));
  AIOT_TRY(const auto axis, constant_axis(node, 1, shape.size()));
  const auto& options = node.options<CumSumOptions>();
  CumSum sum;
  sum.shape = {product(shape, 0, axis), static_cast<std::size_t>(shape[axis]),
               product(shape, axis + 1, shape.size()), options.exclusive, options.reverse};
  sum.type = t.input->type;
  sum.input = node.input_index(0);
  sum.output = node.output_index();
  if (!t.quantized()) return sum;
  AIOT_TRY(sum.quantized, sum_of_int8(node, t));
  return sum;
}

Result<Extreme> prepare_extreme(const Node& node) {
  AIOT_CHECK(node.expect(2, 2));
  AIOT_TRY(const auto* a, node.input(0));
  AIOT_TRY(const auto* b, node.input(1));
  AIOT_TRY(const auto* output, node.output());
  switch (output->type) {
    case Type::int8:
    case Type::int16:
    case Type::int32:
    case Type::int64:
    case Type::float32: break;
    default:
      return node.fail(Errc::unsupported_option,
                       fmt::format("{} is {}", node.output_name(), name_of(output->type)));
  }
  AIOT_CHECK(expect_type(node, *a, output->type, node.input_name(0)));
  AIOT_CHECK(expect_type(node, *b, output->type, node.input_name(1)));
  Extreme extreme;
  extreme.maximum = node.op().code == Code::maximum;
  extreme.type = output->type;
  AIOT_TRY(extreme.shape, broadcast(node, *a, *b, *output));
  extreme.a = node.input_index(0);
  extreme.b = node.input_index(1);
  extreme.output = node.output_index();
  return extreme;
}

namespace {

kernel::Relation relation_of(Code code) {
  switch (code) {
    case Code::not_equal: return kernel::Relation::not_equal;
    case Code::less: return kernel::Relation::less;
    case Code::less_equal: return kernel::Relation::less_equal;
    case Code::greater: return kernel::Relation::greater;
    case Code::greater_equal: return kernel::Relation::greater_equal;
    default: return kernel::Relation::equal;
  }
}

bool is_comparable(Code code, Type type) {
  if (code == Code::logical_or || code == Code::logical_and) return type == Type::boolean;
  if (type == Type::boolean) return code == Code::equal || code == Code::not_equal;
  return type == Type::int8 || type == Type::int32 || type == Type::int64 || type == Type::float32;
}

}  // namespace

Result<Compare> prepare_compare(const Node& node) {
  AIOT_CHECK(node.expect(2, 2));
  AIOT_TRY(const auto* a, node.input(0));
  AIOT_TRY(const auto* b, node.input(1));
  AIOT_TRY(const auto* output, node.output());
  if (!is_comparable(node.op().code, a->type)) {
    return node.fail(Errc::unsupported_option,
                     fmt::format("{} is {}", node.input_name(0), name_of(a->type)));
  }
  AIOT_CHECK(expect_type(node, *b, a->type, node.input_name(1)));
  AIOT_CHECK(expect_type(node, *output, Type::boolean, node.output_name()));
  Compare compare;
  compare.relation = relation_of(node.op().code);
  compare.type = a->type;
  compare.a = node.input_index(0);
  compare.b = node.input_index(1);
  compare.output = node.output_index();
  AIOT_TRY(compare.shape, broadcast(node, *a, *b, *output));
  if (a->type != Type::int8) return compare;
  AIOT_CHECK(expect_one_scale(node, *a, node.input_name(0)));
  AIOT_CHECK(expect_one_scale(node, *b, node.input_name(1)));
  auto& q = compare.quantized;
  q.offset_a = -a->zero_point();
  q.offset_b = -b->zero_point();
  AIOT_TRY(q.factor_a, factor_below_one(node, static_cast<double>(a->scale())));
  AIOT_TRY(q.factor_b, factor_below_one(node, static_cast<double>(b->scale())));
  return compare;
}

}  // namespace aiot::inference
