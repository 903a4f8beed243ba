#include "inference/reference/interpreter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "inference/error.hpp"
#include "inference/fast/engine.hpp"

namespace aiot::inference {
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
  if (outputs == 0) return 0;
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
    case Code::unidirectional_sequence_lstm:
      return 4 * outputs * (extent(*weights, 1) + extent(**output, (*output)->shape.size() - 1));
    case Code::batch_matmul:
      return outputs * extent(*input, input->shape.size() -
                                          (node.options<BatchMatMulOptions>().transpose_a ? 2 : 1));
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
    return finished();
  }
  Result<void> invoke_timed(std::span<std::chrono::nanoseconds> times) override {
    Lap lap;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      steps_[i](places_);
      lap.add_to(times[i]);
    }
    return finished();
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
