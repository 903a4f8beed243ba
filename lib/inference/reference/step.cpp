#include "inference/reference/step.hpp"

#include <cstring>

#include "inference/prepare/arithmetic.hpp"
#include "inference/prepare/conv.hpp"
#include "inference/prepare/copy.hpp"
#include "inference/prepare/fully_connected.hpp"
#include "inference/prepare/pool.hpp"
#include "inference/prepare/softmax.hpp"

namespace aiot::inference {
namespace {

/// The weights of a float32 operator, which may be int8 in the file.
const float* weights_of(const std::vector<float>& real, std::int32_t tensor, const Places& at) {
  return real.empty() ? at.in<float>(tensor) : real.data();
}

template <class T, class Bias, class How>
void run(const Conv& p, const How& how, const T* filter, const Places& at) {
  const auto* input = at.in<T>(p.input);
  const auto* bias = at.in<Bias>(p.bias);
  auto* output = at.out<T>(p.output);
  if (p.depthwise) {
    kernel::depthwise_conv_2d(p.shape, how, input, filter, bias, output);
  } else {
    kernel::conv_2d(p.shape, how, input, filter, bias, output);
  }
}

Result<Step> conv(const Node& node) {
  AIOT_TRY(auto prepared, prepare_conv(node));
  return Step([p = std::move(prepared)](const Places& at) {
    if (p.type == Type::int8) {
      run<std::int8_t, std::int32_t>(p, p.quantized.view(), at.in<std::int8_t>(p.filter), at);
    } else {
      run<float, float>(p, p.range, weights_of(p.real_weights, p.filter, at), at);
    }
  });
}

template <class T, class Bias, class How>
void run(const FullyConnected& p, const How& how, const T* weights, const Places& at) {
  kernel::fully_connected(p.shape, how, at.in<T>(p.input), weights, at.in<Bias>(p.bias),
                          at.out<T>(p.output));
}

Result<Step> fully_connected(const Node& node) {
  AIOT_TRY(auto prepared, prepare_fully_connected(node));
  return Step([p = std::move(prepared)](const Places& at) {
    if (p.type == Type::int8) {
      run<std::int8_t, std::int32_t>(p, p.quantized.view(), at.in<std::int8_t>(p.weights), at);
    } else {
      run<float, float>(p, p.range, weights_of(p.real_weights, p.weights, at), at);
    }
  });
}

template <class T, class Range>
void run(const Pool& p, const Range& range, const Places& at) {
  if (p.maximum) {
    kernel::max_pool_2d(p.shape, range, at.in<T>(p.input), at.out<T>(p.output));
  } else {
    kernel::average_pool_2d(p.shape, range, at.in<T>(p.input), at.out<T>(p.output));
  }
}

Result<Step> pool(const Node& node) {
  AIOT_TRY(const auto p, prepare_pool(node));
  return Step([p](const Places& at) {
    if (p.type == Type::int8) {
      run<std::int8_t>(p, p.range, at);
    } else {
      run<float>(p, p.real_range, at);
    }
  });
}

template <class T, class How>
void run(const Arithmetic& p, const How& how, const Places& at) {
  const auto* a = at.in<T>(p.a);
  const auto* b = at.in<T>(p.b);
  auto* output = at.out<T>(p.output);
  switch (p.code) {
    case Code::sub: return kernel::sub(p.shape, how, a, b, output);
    case Code::mul: return kernel::mul(p.shape, how, a, b, output);
    default: return kernel::add(p.shape, how, a, b, output);
  }
}

Result<Step> arithmetic(const Node& node) {
  AIOT_TRY(const auto p, prepare_arithmetic(node));
  return Step([p](const Places& at) {
    if (p.type == Type::int8) {
      run<std::int8_t>(p, p.quantized, at);
    } else {
      run<float>(p, p.range, at);
    }
  });
}

Result<Step> softmax(const Node& node) {
  AIOT_TRY(const auto p, prepare_softmax(node));
  return Step([p](const Places& at) {
    if (p.type == Type::int8) {
      kernel::softmax(p.rows, p.depth, p.quantized, at.in<std::int8_t>(p.input),
                      at.out<std::int8_t>(p.output));
    } else {
      kernel::softmax(p.rows, p.depth, p.beta, at.in<float>(p.input), at.out<float>(p.output));
    }
  });
}

Result<Step> copy(const Node& node) {
  AIOT_TRY(const auto p, prepare_copy(node));
  return Step([p](const Places& at) {
    std::memcpy(at.out<std::uint8_t>(p.output), at.in<std::uint8_t>(p.input), p.bytes);
  });
}

}  // namespace

Result<Step> make_step(const Node& node) {
  switch (node.op().code) {
    case Code::conv_2d:
    case Code::depthwise_conv_2d: return conv(node);
    case Code::fully_connected: return fully_connected(node);
    case Code::average_pool_2d:
    case Code::max_pool_2d: return pool(node);
    case Code::add:
    case Code::sub:
    case Code::mul: return arithmetic(node);
    case Code::softmax: return softmax(node);
    case Code::reshape:
    case Code::squeeze:
    case Code::expand_dims: return copy(node);
    default: return node.fail(Errc::unsupported_operator, "not in this engine");
  }
}

}  // namespace aiot::inference
