#include "inference/fast/engine.hpp"

#include <fmt/format.h>

#include "inference/fast/kernels.hpp"
#include "inference/fast/plan.hpp"
#include "inference/reference/interpreter.hpp"

namespace aiot::inference::fast {
namespace {

class FastEngine final : public Engine {
 public:
  FastEngine(std::shared_ptr<const Model> model, std::unique_ptr<Constants> constants, Plan plan,
             Isa isa, unsigned threads)
      : model_(std::move(model)),
        constants_(std::move(constants)),
        plan_(std::move(plan)),
        isa_(isa),
        team_(threads),
        inputs_(infos_of(*model_, model_->inputs)),
        outputs_(infos_of(*model_, model_->outputs)),
        operators_(operators_of(*model_)) {}

  std::string name() const override { return fmt::format("reference {}", name_of(isa_)); }
  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  std::span<std::uint8_t> input(std::size_t index) override {
    return {plan_.homes->dense.out<std::uint8_t>(model_->inputs[index]), inputs_[index].bytes};
  }
  ByteSpan output(std::size_t index) const override {
    return {plan_.homes->dense.in<std::uint8_t>(model_->outputs[index]), outputs_[index].bytes};
  }

  Result<void> invoke() override {
    for (const auto& item : plan_.items) item.work->run(team_);
    return {};
  }
  const std::vector<OperatorInfo>& operators() const override { return operators_; }
  Result<void> invoke_timed(std::span<std::chrono::nanoseconds> times) override {
    auto before = std::chrono::steady_clock::now();
    for (const auto& item : plan_.items) {
      item.work->run(team_);
      const auto after = std::chrono::steady_clock::now();
      if (item.op < times.size()) times[item.op] += after - before;
      before = after;
    }
    return {};
  }
  MemoryUse memory() const override {
    return {plan_.memory.bytes(), constants_->bytes() + plan_.constant_bytes, model_->file.size()};
  }

 private:
  std::shared_ptr<const Model> model_;
  std::unique_ptr<Constants> constants_;
  Plan plan_;
  Isa isa_;
  Team team_;
  std::vector<TensorInfo> inputs_, outputs_;
  std::vector<OperatorInfo> operators_;
};

}  // namespace

Result<std::unique_ptr<Engine>> make_engine(std::shared_ptr<const Model> model, Isa isa,
                                            unsigned threads) {
  AIOT_TRY(auto of_model, Constants::of(*model));
  auto constants = std::make_unique<Constants>(std::move(of_model));
  AIOT_TRY(auto plan, make_plan(*model, *constants, *kernels_of(isa)));
  return std::unique_ptr<Engine>(std::make_unique<FastEngine>(
      std::move(model), std::move(constants), std::move(plan), isa, threads));
}

}  // namespace aiot::inference::fast
