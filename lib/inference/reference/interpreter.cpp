#include "inference/reference/interpreter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "inference/error.hpp"
#include "inference/fast/engine.hpp"
#include "inference/prepare/prepare.hpp"

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
    case Code::div: return kernel::div(p.shape, how, a, b, output);
    case Code::squared_difference: return kernel::squared_difference(p.shape, how, a, b, output);
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

Result<Step> prelu(const Node& node) {
  AIOT_TRY(const auto p, prepare_arithmetic(node));
  return Step([p](const Places& at) {
    if (p.type == Type::int8) {
      kernel::prelu(p.shape, p.quantized, at.in<std::int8_t>(p.a), at.in<std::int8_t>(p.b),
                    at.out<std::int8_t>(p.output));
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

template <class T, class Bias, class How>
void run(const TransposeConv& p, const How& how, const Places& at) {
  kernel::transpose_conv(p.shape, how, at.in<T>(p.input), at.in<T>(p.filter), at.in<Bias>(p.bias),
                         at.out<T>(p.output));
}

Result<Step> transpose_conv(const Node& node) {
  AIOT_TRY(auto prepared, prepare_transpose_conv(node));
  return Step([p = std::move(prepared)](const Places& at) {
    if (p.type == Type::int8) {
      run<std::int8_t, std::int32_t>(p, p.quantized.view(), at);
    } else {
      run<float, float>(p, p.range, at);
    }
  });
}

Result<Step> mean(const Node& node) {
  AIOT_TRY(const auto p, prepare_mean(node));
  return Step([p](const Places& at) {
    if (p.type == Type::int8) {
      kernel::mean(p.shape, p.quantized, at.in<std::int8_t>(p.input),
                   at.out<std::int8_t>(p.output));
    } else {
      kernel::mean(p.shape, at.in<float>(p.input), at.out<float>(p.output));
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

/// A function of one value.
Result<Step> function(const Node& node) {
  AIOT_TRY(const auto* input, node.input(0));
  if (input->type != Type::float32) return look_up(node);
  AIOT_TRY(const auto p, prepare_real_function(node));
  return Step([p](const Places& at) {
    kernel::apply(p.function, p.alpha, p.count, at.in<float>(p.input), at.out<float>(p.output));
  });
}

void run(const Quantize& p, const Places& at) {
  switch (p.from) {
    case Type::float32:
      return kernel::quantize(p.scale, p.zero_point, p.count, at.in<float>(p.input),
                              at.out<std::int8_t>(p.output));
    case Type::uint8:
      return kernel::dequantize(p.scale, p.zero_point, p.count, at.in<std::uint8_t>(p.input),
                                at.out<float>(p.output));
    default:
      return kernel::dequantize(p.scale, p.zero_point, p.count, at.in<std::int8_t>(p.input),
                                at.out<float>(p.output));
  }
}

Result<Step> quantize(const Node& node) {
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  const auto is_byte = [](const Tensor& t) {
    return t.type == Type::int8 || t.type == Type::uint8;
  };
  if (is_byte(*input) && is_byte(*output)) return look_up(node);
  AIOT_TRY(const auto p, prepare_quantize(node));
  return Step([p](const Places& at) { run(p, at); });
}

Result<Step> moves(Result<Moves> prepared) {
  AIOT_TRY(auto all, std::move(prepared));
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
  switch (node.op().code) {
    case Code::conv_2d:
    case Code::depthwise_conv_2d: return conv(node);
    case Code::fully_connected: return fully_connected(node);
    case Code::average_pool_2d:
    case Code::max_pool_2d: return pool(node);
    case Code::add:
    case Code::sub:
    case Code::mul:
    case Code::div:
    case Code::squared_difference: return arithmetic(node);
    case Code::prelu: return prelu(node);
    case Code::maximum:
    case Code::minimum: return extreme(node);
    case Code::arg_max:
    case Code::arg_min: return arg_extreme(node);
    case Code::log_softmax: return log_softmax(node);
    case Code::softmax: return softmax(node);
    case Code::reshape:
    case Code::squeeze:
    case Code::expand_dims: return copy(node);
    case Code::transpose_conv: return transpose_conv(node);
    case Code::mean: return mean(node);
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
    case Code::var_handle:
    case Code::call_once: return Step([](const Places& /*at*/) {});  // done when the file was read
    case Code::read_variable:
    case Code::assign_variable: return variable(node);
    case Code::shape: return shape(node);
  }
  return node.fail(Errc::unsupported_operator, "not in this engine");
}

namespace {

std::uint64_t extent(const Tensor& tensor, std::size_t dimension) {
  return static_cast<std::uint64_t>(tensor.shape[dimension]);
}

/// Multiplications with accumulation of one run, padding counted as in the papers; 0 where an
/// operator has none.
std::uint64_t macs_of(const Node& node) {
  const auto* input = node.optional_input(0);
  const auto* weights = node.optional_input(1);
  const auto output = node.output();
  if (!output || input == nullptr || weights == nullptr) return 0;
  const std::uint64_t outputs = (*output)->elements();
  switch (node.op().code) {
    case Code::conv_2d:
      return outputs * extent(*weights, 1) * extent(*weights, 2) * extent(*weights, 3);
    case Code::depthwise_conv_2d: return outputs * extent(*weights, 1) * extent(*weights, 2);
    case Code::fully_connected: return outputs * extent(*weights, 1);
    case Code::transpose_conv: {  // inputs: the output's shape, weights, image
      const auto* image = node.optional_input(2);
      return image == nullptr ? 0
                              : image->elements() * extent(*weights, 0) * extent(*weights, 1) *
                                    extent(*weights, 2);
    }
    default: return 0;
  }
}

/// Bytes of inputs, constants and outputs, each once.
std::uint64_t bytes_of(const Node& node) {
  std::set<std::int32_t> tensors(node.op().inputs.begin(), node.op().inputs.end());
  tensors.insert(node.op().outputs.begin(), node.op().outputs.end());
  tensors.erase(-1);
  std::uint64_t bytes = 0;
  for (const auto index : tensors) {
    bytes += node.model().tensors[static_cast<std::size_t>(index)].bytes();
  }
  return bytes;
}

TensorInfo info_of(const Tensor& tensor) {
  return {tensor.name,    tensor.type,         tensor.shape,
          tensor.scale(), tensor.zero_point(), tensor.bytes()};
}

std::vector<TensorInfo> infos_of(const Model& model, const std::vector<std::int32_t>& tensors) {
  std::vector<TensorInfo> infos;
  for (const auto index : tensors) {
    infos.push_back(info_of(model.tensors[static_cast<std::size_t>(index)]));
  }
  return infos;
}

std::vector<OperatorInfo> operators_of(const Model& model) {
  std::vector<OperatorInfo> infos;
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    const Node node(model, i);
    const auto output = node.output();
    infos.push_back({name_of(node.op().code),
                     output ? (*output)->shape : std::vector<std::int32_t>{}, macs_of(node),
                     bytes_of(node)});
  }
  return infos;
}

}  // namespace

ModelEngine::ModelEngine(std::shared_ptr<const Model> model)
    : model_(std::move(model)),
      variables_(*model_),
      inputs_(infos_of(*model_, model_->inputs)),
      outputs_(infos_of(*model_, model_->outputs)),
      operators_(operators_of(*model_)) {}

namespace {

constexpr std::size_t arena_alignment = 16;
struct alignas(arena_alignment) Block {
  std::uint8_t bytes[arena_alignment];
};

/// The graph run operator by operator on the portable kernels: the oracle of every faster way, and
/// what runs where there is none.
class Interpreter final : public ModelEngine {
 public:
  Interpreter(std::shared_ptr<const Model> model, Constants constants, const Arena& arena,
              std::vector<Step> steps)
      : ModelEngine(std::move(model)),
        constants_(std::move(constants)),
        memory_(arena.bytes / arena_alignment),
        steps_(std::move(steps)) {
    places_ = Places(constants_, arena, reinterpret_cast<std::uint8_t*>(memory_.data()));
    places_.variables = &variables();
  }

  std::string name() const override { return "reference scalar"; }
  Result<void> invoke() override {
    for (const auto& step : steps_) step(places_);
    return {};
  }
  Result<void> invoke_timed(std::span<std::chrono::nanoseconds> times) override {
    Lap lap;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      steps_[i](places_);
      lap.add_to(times[i]);
    }
    return {};
  }
  MemoryUse memory() const override {
    return {memory_.size() * arena_alignment + variables_bytes(), constants_.bytes(),
            model().file.size()};
  }

 private:
  Constants constants_;
  std::vector<Block> memory_;
  std::vector<Step> steps_;
};

Result<std::unique_ptr<Engine>> make_interpreter(std::shared_ptr<const Model> model) {
  std::vector<Step> steps;
  for (std::size_t i = 0; i < model->operators.size(); ++i) {
    AIOT_TRY(auto step, make_step(Node(*model, i)));
    steps.push_back(std::move(step));
  }
  AIOT_TRY(auto constants, Constants::of(*model));
  AIOT_TRY(const auto arena, plan_arena(*model, arena_alignment));
  return std::unique_ptr<Engine>(std::make_unique<Interpreter>(
      std::move(model), std::move(constants), arena, std::move(steps)));
}

/// What goes in and comes out has values of a fixed size.
Result<void> check_ends(const Model& model) {
  for (const auto* tensors : {&model.inputs, &model.outputs}) {
    for (const auto index : *tensors) {
      const auto& tensor = model.tensors[static_cast<std::size_t>(index)];
      if (size_of(tensor.type) != 0) continue;
      return make_error(Errc::unsupported_option,
                        fmt::format("{} ({}) is {}",
                                    tensors == &model.inputs ? "the model's input" : "its output",
                                    escape_controls(tensor.name), name_of(tensor.type)),
                        "convert the model again, with int8 or float32 tensors");
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Engine>> make_reference_engine(std::shared_ptr<const Model> model,
                                                      const EngineOptions& options) {
  const auto isa = options.isa.value_or(isas_here().front());
  if (!can_run(isa)) {
    std::string here;
    for (const auto one : isas_here()) {
      here += fmt::format("{}{}", here.empty() ? "" : ", ", name_of(one));
    }
    return make_error(Errc::isa_missing, std::string(name_of(isa)),
                      fmt::format("this CPU has {}", here));
  }
  AIOT_CHECK(check_ends(*model));
  if (isa == Isa::scalar) return make_interpreter(std::move(model));
  return fast::make_engine(std::move(model), isa, options.threads);
}

}  // namespace aiot::inference
