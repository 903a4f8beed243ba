#include "inference/reference/interpreter.hpp"

#include <algorithm>

#include "inference/prepare/cost.hpp"
#include "inference/reference/arena.hpp"
#include "inference/reference/constants.hpp"
#include "inference/reference/step.hpp"

namespace aiot::inference {
namespace {

constexpr std::size_t alignment = 16;
struct alignas(alignment) Block {
  std::uint8_t bytes[alignment];
};

class Interpreter final : public Engine {
 public:
  Interpreter(std::shared_ptr<const Model> model, Constants constants, const Arena& arena,
              std::vector<Step> steps)
      : model_(std::move(model)),
        constants_(std::move(constants)),
        arena_(arena.bytes / alignment),
        steps_(std::move(steps)),
        inputs_(infos_of(*model_, model_->inputs)),
        outputs_(infos_of(*model_, model_->outputs)),
        operators_(operators_of(*model_)) {
    places_.read = constants_.places();
    places_.write.resize(places_.read.size());
    auto* base = reinterpret_cast<std::uint8_t*>(arena_.data());
    for (std::size_t i = 0; i < arena.offsets.size(); ++i) {
      if (arena.offsets[i] != Arena::none) {
        places_.read[i] = places_.write[i] = base + arena.offsets[i];
      }
    }
  }

  std::string name() const override { return "reference scalar"; }
  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  std::span<std::uint8_t> input(std::size_t index) override {
    return {places_.out<std::uint8_t>(model_->inputs[index]), inputs_[index].bytes};
  }
  ByteSpan output(std::size_t index) const override {
    return {places_.in<std::uint8_t>(model_->outputs[index]), outputs_[index].bytes};
  }

  Result<void> invoke() override {
    for (const auto& step : steps_) step(places_);
    return {};
  }
  const std::vector<OperatorInfo>& operators() const override { return operators_; }
  Result<void> invoke_timed(std::span<std::chrono::nanoseconds> times) override {
    auto before = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      steps_[i](places_);
      const auto after = std::chrono::steady_clock::now();
      times[i] += after - before;
      before = after;
    }
    return {};
  }
  MemoryUse memory() const override {
    return {arena_.size() * alignment, constants_.bytes(), model_->file.size()};
  }

 private:
  std::shared_ptr<const Model> model_;
  Constants constants_;
  std::vector<Block> arena_;
  std::vector<Step> steps_;
  std::vector<TensorInfo> inputs_, outputs_;
  std::vector<OperatorInfo> operators_;
  Places places_;
};

}  // namespace

Result<std::unique_ptr<Engine>> make_interpreter(std::shared_ptr<const Model> model) {
  std::vector<Step> steps;
  for (std::size_t i = 0; i < model->operators.size(); ++i) {
    AIOT_TRY(auto step, make_step(Node(*model, i)));
    steps.push_back(std::move(step));
  }
  AIOT_TRY(auto constants, Constants::of(*model));
  AIOT_TRY(const auto arena, plan_arena(*model, alignment));
  return std::unique_ptr<Engine>(std::make_unique<Interpreter>(
      std::move(model), std::move(constants), arena, std::move(steps)));
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

}  // namespace aiot::inference
