#include <type_traits>

#include "inference/prepare/prepare.hpp"
#include "inference/reference/interpreter.hpp"

namespace aiot::inference {
namespace {

/// The weights of a float32 operator, which may be int8 in the file.
const float* weights_of(const std::vector<float>& real, std::int32_t tensor, const Places& at) {
  return real.empty() ? at.in<float>(tensor) : real.data();
}

template <class T, class Bias, class How, class Weight>
void run(const Conv& p, const How& how, const Weight* filter, const Places& at) {
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
    } else if (p.type == Type::int16) {
      run<std::int16_t, std::int64_t>(p, p.quantized.wide_view(), at.in<std::int8_t>(p.filter), at);
    } else {
      run<float, float>(p, p.range, weights_of(p.real_weights, p.filter, at), at);
    }
  });
}

template <class T, class Bias, class How, class Weight>
void run(const FullyConnected& p, const How& how, const Weight* weights, const Places& at) {
  kernel::fully_connected(p.shape, how, at.in<T>(p.input), weights, at.in<Bias>(p.bias),
                          at.out<T>(p.output));
}

Result<Step> fully_connected(const Node& node) {
  AIOT_TRY(auto prepared, prepare_fully_connected(node));
  return Step([p = std::move(prepared)](const Places& at) {
    if (p.type == Type::int8) {
      run<std::int8_t, std::int32_t>(p, p.quantized.view(), at.in<std::int8_t>(p.weights), at);
    } else if (p.type == Type::int16) {
      run<std::int16_t, std::int64_t>(p, p.quantized.wide_view(), at.in<std::int8_t>(p.weights),
                                      at);
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
    } else if (p.type == Type::int16) {
      run<std::int16_t>(p, p.range, at);
    } else if (p.squares) {
      kernel::l2_pool_2d(p.shape, p.real_range, at.in<float>(p.input), at.out<float>(p.output));
    } else {
      run<float>(p, p.real_range, at);
    }
  });
}

template <class T, class Weight, class Bias, class How>
void run(const TransposeConv& p, const How& how, const Places& at) {
  kernel::transpose_conv(p.shape, how, at.in<T>(p.input), at.in<Weight>(p.filter),
                         at.in<Bias>(p.bias), at.out<T>(p.output));
}

Result<Step> transpose_conv(const Node& node) {
  AIOT_TRY(auto prepared, prepare_transpose_conv(node));
  return Step([p = std::move(prepared)](const Places& at) {
    if (p.type == Type::int8) {
      run<std::int8_t, std::int8_t, std::int32_t>(p, p.quantized.view(), at);
    } else if (p.type == Type::int16) {
      run<std::int16_t, std::int8_t, std::int64_t>(p, p.quantized.wide_view(), at);
    } else {
      run<float, float, float>(p, p.range, at);
    }
  });
}

template <class T>
void run_reduction(const Mean& p, const Places& at) {
  const auto* input = at.in<T>(p.input);
  auto* output = at.out<T>(p.output);
  if (p.code == Code::reduce_max || p.code == Code::reduce_min) {
    if constexpr (!std::is_same_v<T, std::int16_t>) {
      kernel::reduce_extreme(p.code == Code::reduce_max, p.shape, input, output);
    }
    return;
  }
  if constexpr (std::is_same_v<T, float>) {
    return p.code == Code::sum ? kernel::sum(p.shape, input, output)
                               : kernel::mean(p.shape, input, output);
  } else {
    kernel::mean(p.shape, p.quantized, input, output);
  }
}

Result<Step> reduction(const Node& node) {
  AIOT_TRY(const auto p, prepare_mean(node));
  return Step([p](const Places& at) {
    if (p.type == Type::boolean) {
      kernel::reduce_all(p.shape, at.in<std::uint8_t>(p.input), at.out<std::uint8_t>(p.output));
    } else if (p.type == Type::int8) {
      run_reduction<std::int8_t>(p, at);
    } else if (p.type == Type::int16) {
      run_reduction<std::int16_t>(p, at);
    } else {
      run_reduction<float>(p, at);
    }
  });
}

Result<Step> batch_matmul(const Node& node) {
  AIOT_TRY(const auto p, prepare_batch_matmul(node));
  return Step([p](const Places& at) {
    if (p.type == Type::int8) {
      kernel::batch_matmul(p.shape, p.quantized, at.in<std::int8_t>(p.a), at.in<std::int8_t>(p.b),
                           at.out<std::int8_t>(p.output));
    } else if (p.type == Type::int16) {
      kernel::batch_matmul(p.shape, p.quantized, at.in<std::int16_t>(p.a), at.in<std::int16_t>(p.b),
                           at.out<std::int16_t>(p.output));
    } else {
      kernel::batch_matmul(p.shape, at.in<float>(p.a), at.in<float>(p.b), at.out<float>(p.output));
    }
  });
}

template <class T>
void run(const Svdf& p, const Places& at) {
  kernel::svdf(p.shape, p.quantized, at.in<std::int8_t>(p.input), at.in<std::int8_t>(p.weights),
               at.in<T>(p.time_weights), at.in<std::int32_t>(p.bias),
               reinterpret_cast<T*>(at.variables->at(p.state)), at.out<std::int8_t>(p.output));
}

Result<Step> svdf(const Node& node) {
  AIOT_TRY(const auto p, prepare_svdf(node));
  return Step([p](const Places& at) {
    if (p.state_type == Type::int8) {
      run<std::int8_t>(p, at);
    } else {
      run<std::int16_t>(p, at);
    }
  });
}

template <class Bias, class T, class Cell, class How, class Weight>
void run(const Lstm& p, const How& how, const Places& at) {
  kernel::LstmWeights<Weight, Bias> weights;
  for (std::size_t gate = 0; gate < 4; ++gate) {
    weights.input[gate] = at.in<Weight>(p.input_weights[gate]);
    weights.recurrent[gate] = at.in<Weight>(p.recurrent_weights[gate]);
    weights.bias[gate] = at.in<Bias>(p.biases[gate]);
  }
  kernel::lstm(p.shape, how, weights, at.in<T>(p.input),
               reinterpret_cast<T*>(at.variables->at(p.hidden)),
               reinterpret_cast<Cell*>(at.variables->at(p.cell)), at.out<T>(p.output));
}

Result<Step> lstm(const Node& node) {
  AIOT_TRY(const auto p, prepare_lstm(node));
  return Step([p](const Places& at) {
    using Int = kernel::LstmQuantized;
    switch (p.type) {
      case Type::int8:
        return run<std::int32_t, std::int8_t, std::int16_t, Int, std::int8_t>(p, p.quantized, at);
      case Type::int16:
        return run<std::int64_t, std::int16_t, std::int16_t, Int, std::int8_t>(p, p.quantized, at);
      default: return run<float, float, float, float, float>(p, p.cell_clip, at);
    }
  });
}

}  // namespace

Result<Step> make_sum(const Node& node) {
  switch (node.op().code) {
    case Code::conv_2d:
    case Code::depthwise_conv_2d: return conv(node);
    case Code::fully_connected: return fully_connected(node);
    case Code::average_pool_2d:
    case Code::max_pool_2d:
    case Code::l2_pool_2d: return pool(node);
    case Code::transpose_conv: return transpose_conv(node);
    case Code::svdf: return svdf(node);
    case Code::unidirectional_sequence_lstm: return lstm(node);
    case Code::batch_matmul: return batch_matmul(node);
    default: return reduction(node);
  }
}

}  // namespace aiot::inference
