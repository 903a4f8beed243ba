#include <cstring>
#include <type_traits>

#include "inference/error.hpp"
#include "inference/prepare/prepare.hpp"
#include "inference/reference/interpreter.hpp"

namespace aiot::inference {
namespace {

/// LOGICAL_NOT.
Result<Step> negate(const Node& node) {
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_CHECK(expect_type(node, *input, Type::boolean, node.input_name(0)));
  AIOT_TRY(const auto p, prepare_copy(node));
  return Step([p](const Places& at) {
    const auto* in = at.in<std::uint8_t>(p.input);
    auto* out = at.out<std::uint8_t>(p.output);
    for (std::size_t i = 0; i < p.bytes; ++i) out[i] = in[i] == 0 ? 1 : 0;
  });
}

template <class T>
void run(const ArgExtreme& p, const Places& at) {
  kernel::arg_extreme(p.maximum, p.outer, p.extent, p.inner, at.in<T>(p.input),
                      at.out<std::int32_t>(p.output));
}

Result<Step> arg_extreme(const Node& node) {
  AIOT_TRY(const auto p, prepare_arg_extreme(node));
  return Step([p](const Places& at) {
    if (p.type == Type::int8) {
      run<std::int8_t>(p, at);
    } else {
      run<float>(p, at);
    }
  });
}

Result<Step> l2_normalization(const Node& node) {
  AIOT_TRY(const auto p, prepare_l2_normalization(node));
  return Step([p](const Places& at) {
    if (p.type == Type::int8) {
      kernel::l2_normalization(p.rows, p.depth, p.zero_point, at.in<std::int8_t>(p.input),
                               at.out<std::int8_t>(p.output));
    } else {
      kernel::l2_normalization(p.rows, p.depth, at.in<float>(p.input), at.out<float>(p.output));
    }
  });
}

Result<Step> log_softmax(const Node& node) {
  AIOT_TRY(const auto p, prepare_log_softmax(node));
  return Step([p](const Places& at) {
    if (p.type == Type::int8) {
      kernel::log_softmax(p.rows, p.depth, p.quantized, at.in<std::int8_t>(p.input),
                          at.out<std::int8_t>(p.output));
    } else {
      kernel::log_softmax(p.rows, p.depth, at.in<float>(p.input), at.out<float>(p.output));
    }
  });
}

Result<Step> softmax(const Node& node) {
  AIOT_TRY(const auto p, prepare_softmax(node));
  return Step([p](const Places& at) {
    if (p.to_int16) {
      kernel::softmax(p.rows, p.depth, p.quantized, at.in<std::int8_t>(p.input),
                      at.out<std::int16_t>(p.output));
    } else if (p.type == Type::int8) {
      kernel::softmax(p.rows, p.depth, p.quantized, at.in<std::int8_t>(p.input),
                      at.out<std::int8_t>(p.output));
    } else if (p.type == Type::int16) {
      kernel::softmax(p.rows, p.depth, p.wide, at.in<std::int16_t>(p.input),
                      at.out<std::int16_t>(p.output));
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

Result<Step> fill(const Node& node) {
  AIOT_TRY(const auto p, prepare_fill(node));
  return Step([p](const Places& at) {
    kernel::fill(at.in<std::uint8_t>(p.value), p.unit_bytes, p.bytes,
                 at.out<std::uint8_t>(p.output));
  });
}

template <class From>
void run_cast(const Cast& p, const Places& at) {
  const auto* input = at.in<From>(p.input);
  switch (p.to) {
    case Type::int8: return kernel::cast(p.count, input, at.out<std::int8_t>(p.output));
    case Type::int16: return kernel::cast(p.count, input, at.out<std::int16_t>(p.output));
    case Type::int32: return kernel::cast(p.count, input, at.out<std::int32_t>(p.output));
    default: return kernel::cast(p.count, input, at.out<float>(p.output));
  }
}

Result<Step> cast(const Node& node) {
  AIOT_TRY(const auto p, prepare_cast(node));
  return Step([p](const Places& at) {
    switch (p.from) {
      case Type::int8: return run_cast<std::int8_t>(p, at);
      case Type::boolean: return run_cast<std::uint8_t>(p, at);
      case Type::int16: return run_cast<std::int16_t>(p, at);
      case Type::int32: return run_cast<std::int32_t>(p, at);
      default: return run_cast<float>(p, at);
    }
  });
}

template <class T>
void run(const Resize& p, const Places& at) {
  if (p.bilinear) {
    kernel::resize_bilinear(p.shape, at.in<T>(p.input), at.out<T>(p.output));
  } else {
    kernel::resize_nearest_neighbor(p.shape, sizeof(T), at.in<std::uint8_t>(p.input),
                                    at.out<std::uint8_t>(p.output));
  }
}

Result<Step> resize(const Node& node) {
  AIOT_TRY(const auto p, prepare_resize(node));
  return Step([p](const Places& at) {
    if (p.type == Type::int8) {
      run<std::int8_t>(p, at);
    } else {
      run<float>(p, at);
    }
  });
}

Result<Step> look_up(const Node& node) {
  AIOT_TRY(const auto p, prepare_lookup(node));
  return Step([p](const Places& at) {
    kernel::look_up(p.table.data(), p.count, at.in<std::uint8_t>(p.input),
                    at.out<std::uint8_t>(p.output));
  });
}

template <class F>
void each_int16(const WideFunction& p, const Places& at, const F& function) {
  const auto* input = at.in<std::int16_t>(p.input);
  auto* output = at.out<std::int16_t>(p.output);
  for (std::size_t i = 0; i < p.count; ++i)
    output[i] = static_cast<std::int16_t>(function(input[i]));
}

Result<Step> wide_function(const Node& node) {
  AIOT_TRY(const auto p, prepare_wide_function(node));
  return Step([p](const Places& at) {
    using Value = std::int16_t;
    switch (p.code) {
      case Code::logistic:
        return each_int16(p, at, [&](Value x) { return kernel::logistic(p.sigmoid, x); });
      case Code::tanh:
        return each_int16(p, at, [&](Value x) { return kernel::tanh(p.sigmoid, x); });
      case Code::relu:
        return each_int16(p, at, [&](Value x) { return kernel::rescale(p.rescale, x); });
      case Code::relu6:
        return each_int16(p, at,
                          [&](Value x) { return kernel::clamp<std::int32_t>(x, p.rescale.range); });
      default: return each_int16(p, at, [&](Value x) { return kernel::leaky_relu(p.leaky, x); });
    }
  });
}

/// A function of one value.
Result<Step> function(const Node& node) {
  AIOT_TRY(const auto* input, node.input(0));
  if (input->type == Type::int16) return wide_function(node);
  if (input->type != Type::float32) return look_up(node);
  AIOT_TRY(const auto p, prepare_real_function(node));
  return Step([p](const Places& at) {
    kernel::apply(p.function, p.alpha, p.count, at.in<float>(p.input), at.out<float>(p.output));
  });
}

void run(const Quantize& p, const Places& at) {
  switch (p.from) {
    case Type::float32:
      if (p.to == Type::int16) {
        return kernel::quantize(p.scale, p.zero_point, p.count, at.in<float>(p.input),
                                at.out<std::int16_t>(p.output));
      }
      return kernel::quantize(p.scale, p.zero_point, p.count, at.in<float>(p.input),
                              at.out<std::int8_t>(p.output));
    case Type::int16:
      return kernel::dequantize(p.scale, p.zero_point, p.count, at.in<std::int16_t>(p.input),
                                at.out<float>(p.output));
    case Type::uint8:
      return kernel::dequantize(p.scale, p.zero_point, p.count, at.in<std::uint8_t>(p.input),
                                at.out<float>(p.output));
    default:
      return kernel::dequantize(p.scale, p.zero_point, p.count, at.in<std::int8_t>(p.input),
                                at.out<float>(p.output));
  }
}

template <class From>
void run_requantize(const IntegerQuantize& p, const Places& at) {
  const auto* input = at.in<From>(p.input);
  const auto to = [&](auto* output) {
    kernel::requantize(p.input_zero_point, p.output_zero_point, p.factor, p.count, input, output);
  };
  switch (p.to) {
    case Type::int8: return to(at.out<std::int8_t>(p.output));
    case Type::int16: return to(at.out<std::int16_t>(p.output));
    default: return to(at.out<std::int32_t>(p.output));
  }
}

Result<Step> integer_quantize(const Node& node) {
  AIOT_TRY(const auto p, prepare_integer_quantize(node));
  return Step([p](const Places& at) {
    if (p.from == Type::int8) {
      run_requantize<std::int8_t>(p, at);
    } else {
      run_requantize<std::int16_t>(p, at);
    }
  });
}

Result<Step> quantize(const Node& node) {
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  const auto is_byte = [](const Tensor& t) {
    return t.type == Type::int8 || t.type == Type::uint8;
  };
  if (is_byte(*input) && is_byte(*output)) return look_up(node);
  if (input->type != Type::float32 && output->type != Type::float32) {
    return integer_quantize(node);
  }
  AIOT_TRY(const auto p, prepare_quantize(node));
  return Step([p](const Places& at) { run(p, at); });
}

Result<Step> moves(Result<Moves> prepared) {
  AIOT_TRY(auto all, std::move(prepared));
  for (auto& block : all.blocks) block.move = kernel::simplified(block.move);
  return Step([p = std::move(all)](const Places& at) {
    if (!p.fill.empty()) {
      kernel::fill(p.fill.data(), p.fill.size(), p.fill_bytes,
                   at.out<std::uint8_t>(p.blocks.front().output));
    }
    for (const auto& block : p.blocks) {
      kernel::move(block.move, at.in<std::uint8_t>(block.input),
                   at.out<std::uint8_t>(block.output));
    }
  });
}

/// READ_VARIABLE and ASSIGN_VARIABLE.
Result<Step> variable(const Node& node) {
  AIOT_TRY(const auto p, prepare_variable(node));
  if (node.op().code == Code::read_variable) {
    return Step([p](const Places& at) {
      std::memcpy(at.out<std::uint8_t>(p.tensor), at.variables->at(p.variable), p.bytes);
    });
  }
  return Step([p](const Places& at) {
    std::memcpy(at.variables->at(p.variable), at.in<std::uint8_t>(p.tensor), p.bytes);
  });
}

Result<Step> shape(const Node& node) {
  AIOT_TRY(auto prepared, prepare_shape(node));
  return Step([p = std::move(prepared)](const Places& at) {
    std::memcpy(at.out<std::uint8_t>(p.output), p.extents.data(), p.extents.size() * 4);
  });
}

}  // namespace

Result<Step> make_step(const Node& node) {
  AIOT_TRY(const bool works, has_work(node));
  if (!works) return Step([](const Places& /*at*/) {});
  switch (node.op().code) {
    case Code::conv_2d:
    case Code::depthwise_conv_2d:
    case Code::fully_connected:
    case Code::average_pool_2d:
    case Code::max_pool_2d:
    case Code::l2_pool_2d:
    case Code::transpose_conv:
    case Code::mean:
    case Code::sum:
    case Code::reduce_max:
    case Code::reduce_min:
    case Code::reduce_all:
    case Code::svdf:
    case Code::unidirectional_sequence_lstm:
    case Code::batch_matmul: return make_sum(node);
    case Code::add:
    case Code::sub:
    case Code::mul:
    case Code::div:
    case Code::squared_difference:
    case Code::prelu:
    case Code::floor_div:
    case Code::floor_mod:
    case Code::add_n:
    case Code::cumsum:
    case Code::equal:
    case Code::not_equal:
    case Code::less:
    case Code::less_equal:
    case Code::greater:
    case Code::greater_equal:
    case Code::logical_or:
    case Code::logical_and:
    case Code::maximum:
    case Code::minimum: return make_arithmetic(node);
    case Code::logical_not: return negate(node);
    case Code::if_:
    case Code::while_: return make_branch(node);
    case Code::arg_max:
    case Code::arg_min: return arg_extreme(node);
    case Code::l2_normalization: return l2_normalization(node);
    case Code::log_softmax: return log_softmax(node);
    case Code::softmax: return softmax(node);
    case Code::reshape:
    case Code::squeeze:
    case Code::expand_dims: return copy(node);
    case Code::gather:
    case Code::gather_nd:
    case Code::embedding_lookup:
    case Code::dynamic_update_slice:
    case Code::select_v2:
    case Code::broadcast_args:
    case Code::detection_postprocess: return make_position(node);
    case Code::fill: return fill(node);
    case Code::cast: return cast(node);
    case Code::mirror_pad: return moves(prepare_mirror_pad(node));
    case Code::resize_bilinear:
    case Code::resize_nearest_neighbor: return resize(node);
    case Code::logistic:
    case Code::tanh:
    case Code::hard_swish:
    case Code::relu:
    case Code::relu6:
    case Code::leaky_relu:
    case Code::elu:
    case Code::abs:
    case Code::sin:
    case Code::cos:
    case Code::log:
    case Code::sqrt:
    case Code::rsqrt:
    case Code::square:
    case Code::exp:
    case Code::neg:
    case Code::floor:
    case Code::ceil:
    case Code::round: return function(node);
    case Code::quantize:
    case Code::dequantize: return quantize(node);
    case Code::transpose: return moves(prepare_transpose(node));
    case Code::strided_slice: return moves(prepare_strided_slice(node));
    case Code::pad:
    case Code::padv2: return moves(prepare_pad(node));
    case Code::concatenation: return moves(prepare_concatenation(node));
    case Code::pack: return moves(prepare_pack(node));
    case Code::unpack: return moves(prepare_unpack(node));
    case Code::split: return moves(prepare_split(node));
    case Code::split_v: return moves(prepare_split_v(node));
    case Code::slice: return moves(prepare_slice(node));
    case Code::space_to_depth:
    case Code::depth_to_space: return moves(prepare_space_and_depth(node));
    case Code::space_to_batch_nd: return moves(prepare_space_to_batch(node));
    case Code::batch_to_space_nd: return moves(prepare_batch_to_space(node));
    case Code::broadcast_to: return moves(prepare_broadcast_to(node));
    case Code::reverse_v2: return moves(prepare_reverse(node));
    case Code::zeros_like: return moves(prepare_zeros_like(node));
    case Code::var_handle:
    case Code::call_once: return Step([](const Places& /*at*/) {});  // done when the file was read
    case Code::read_variable:
    case Code::assign_variable: return variable(node);
    case Code::shape: return shape(node);
  }
  return node.fail(Errc::unsupported_operator, "not in this engine");
}

}  // namespace aiot::inference
