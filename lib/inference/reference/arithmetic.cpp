#include <type_traits>
#include <vector>

#include "inference/prepare/prepare.hpp"
#include "inference/reference/interpreter.hpp"

namespace aiot::inference {
namespace {

template <class T, class How>
void run(const Arithmetic& p, const How& how, const Places& at) {
  const auto* a = at.in<T>(p.a);
  const auto* b = at.in<T>(p.b);
  auto* output = at.out<T>(p.output);
  switch (p.code) {
    case Code::sub: return kernel::sub(p.shape, how, a, b, output);
    case Code::mul: return kernel::mul(p.shape, how, a, b, output);
    case Code::div:
      if constexpr (sizeof(T) != 2 && !std::is_same_v<T, std::int32_t>) {
        kernel::div(p.shape, how, a, b, output);
      }
      return;
    case Code::squared_difference:
      if constexpr (!std::is_same_v<T, std::int32_t>) {
        kernel::squared_difference(p.shape, how, a, b, output);
      }
      return;
    default: return kernel::add(p.shape, how, a, b, output);
  }
}

Result<Step> arithmetic(const Node& node) {
  AIOT_TRY(const auto p, prepare_arithmetic(node));
  return Step([p](const Places& at) {
    switch (p.type) {
      case Type::int8: return run<std::int8_t>(p, p.quantized, at);
      case Type::int16: return run<std::int16_t>(p, p.quantized, at);
      case Type::int32: return run<std::int32_t>(p, p.quantized.range, at);
      default: return run<float>(p, p.range, at);
    }
  });
}

Result<Step> prelu(const Node& node) {
  AIOT_TRY(const auto p, prepare_arithmetic(node));
  return Step([p](const Places& at) {
    if (p.type == Type::int8) {
      kernel::prelu(p.shape, p.quantized, at.in<std::int8_t>(p.a), at.in<std::int8_t>(p.b),
                    at.out<std::int8_t>(p.output));
    } else if (p.type == Type::int16) {
      kernel::prelu(p.shape, p.quantized, at.in<std::int16_t>(p.a), at.in<std::int8_t>(p.b),
                    at.out<std::int16_t>(p.output));
    } else {
      kernel::prelu(p.shape, at.in<float>(p.a), at.in<float>(p.b), at.out<float>(p.output));
    }
  });
}

template <class T>
void run(const Extreme& p, const Places& at) {
  kernel::extreme(p.maximum, p.shape, at.in<T>(p.a), at.in<T>(p.b), at.out<T>(p.output));
}

Result<Step> extreme(const Node& node) {
  AIOT_TRY(const auto p, prepare_extreme(node));
  return Step([p](const Places& at) {
    switch (p.type) {
      case Type::int8: return run<std::int8_t>(p, at);
      case Type::int16: return run<std::int16_t>(p, at);
      case Type::int32: return run<std::int32_t>(p, at);
      case Type::int64: return run<std::int64_t>(p, at);
      default: return run<float>(p, at);
    }
  });
}

template <class T>
void run(const Compare& p, const Places& at) {
  kernel::compare(p.relation, p.shape, at.in<T>(p.a), at.in<T>(p.b),
                  at.out<std::uint8_t>(p.output));
}

Result<Step> compare(const Node& node) {
  AIOT_TRY(const auto p, prepare_compare(node));
  return Step([p](const Places& at) {
    switch (p.type) {
      case Type::int8:
        return kernel::compare(p.relation, p.shape, p.quantized, at.in<std::int8_t>(p.a),
                               at.in<std::int8_t>(p.b), at.out<std::uint8_t>(p.output));
      case Type::boolean: return run<std::uint8_t>(p, at);
      case Type::int32: return run<std::int32_t>(p, at);
      case Type::int64: return run<std::int64_t>(p, at);
      default: return run<float>(p, at);
    }
  });
}

Result<Step> combine(const Node& node) {
  AIOT_TRY(const auto p, prepare_compare(node));
  const bool any = node.op().code == Code::logical_or;
  return Step([p, any](const Places& at) {
    kernel::combine(any, p.shape, at.in<std::uint8_t>(p.a), at.in<std::uint8_t>(p.b),
                    at.out<std::uint8_t>(p.output));
  });
}

/// FLOOR_DIV and FLOOR_MOD.
Result<Step> floored(const Node& node) {
  AIOT_TRY(const auto p, prepare_arithmetic(node));
  return Step([p](const Places& at) {
    const auto* a = at.in<float>(p.a);
    const auto* b = at.in<float>(p.b);
    auto* output = at.out<float>(p.output);
    if (p.code == Code::floor_mod) return kernel::floor_mod(p.shape, a, b, output);
    if (!kernel::floor_div(p.shape, a, b, output)) at.variables->fail("FLOOR_DIV divides by 0");
  });
}

template <class T>
std::vector<const T*> inputs_of(const AddN& p, const Places& at) {
  std::vector<const T*> inputs;
  for (const auto input : p.inputs) inputs.push_back(at.in<T>(input));
  return inputs;
}

Result<Step> add_n(const Node& node) {
  AIOT_TRY(auto prepared, prepare_add_n(node));
  return Step([p = std::move(prepared)](const Places& at) {
    const auto count = p.inputs.size();
    if (p.type == Type::int8) {
      kernel::add_n(count, p.count, p.quantized, inputs_of<std::int8_t>(p, at).data(),
                    at.out<std::int8_t>(p.output));
    } else {
      kernel::add_n(count, p.count, inputs_of<float>(p, at).data(), at.out<float>(p.output));
    }
  });
}

Result<Step> cumsum(const Node& node) {
  AIOT_TRY(const auto p, prepare_cumsum(node));
  return Step([p](const Places& at) {
    if (p.type == Type::int8) {
      kernel::cumsum(p.shape, p.quantized, at.in<std::int8_t>(p.input),
                     at.out<std::int8_t>(p.output));
    } else {
      kernel::cumsum(p.shape, at.in<float>(p.input), at.out<float>(p.output));
    }
  });
}

}  // namespace

Result<Step> make_arithmetic(const Node& node) {
  switch (node.op().code) {
    case Code::prelu: return prelu(node);
    case Code::floor_div:
    case Code::floor_mod: return floored(node);
    case Code::add_n: return add_n(node);
    case Code::cumsum: return cumsum(node);
    case Code::equal:
    case Code::not_equal:
    case Code::less:
    case Code::less_equal:
    case Code::greater:
    case Code::greater_equal: return compare(node);
    case Code::logical_or:
    case Code::logical_and: return combine(node);
    case Code::maximum:
    case Code::minimum: return extreme(node);
    default: return arithmetic(node);
  }
}

}  // namespace aiot::inference
