#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "inference/engine.hpp"
#include "inference/prepare/node.hpp"
#include "inference/reference/memory.hpp"

namespace aiot::inference {

/// One operator on the portable kernels, as often as it is called.
using Step = std::function<void(const Places&)>;

/// Prepares the operator. Errc::bad_model, unsupported_option, unsupported_operator.
Result<Step> make_step(const Node& node);
/// The same for what sums: convolutions, matrices, pools, reductions, SVDF, LSTM.
Result<Step> make_sum(const Node& node);
/// The same for functions of two values and sums of whole tensors: ADD, EQUAL, ADD_N, CUMSUM.
Result<Step> make_arithmetic(const Node& node);
/// The same for what reads or writes at positions that are values: GATHER, SELECT_V2.
Result<Step> make_position(const Node& node);
/// The same for IF and WHILE.
Result<Step> make_branch(const Node& node);

/// What every engine reports of its model, and where its inputs and outputs are.
class ModelEngine : public Engine {
 public:
  const std::vector<TensorInfo>& inputs() const final { return inputs_; }
  const std::vector<TensorInfo>& outputs() const final { return outputs_; }
  const std::vector<OperatorInfo>& operators() const final { return operators_; }
  void reset() override { variables_.reset(); }
  std::span<std::uint8_t> input(std::size_t index) final {
    return {places_.out<std::uint8_t>(model_->inputs[index]), inputs_[index].bytes};
  }
  ByteSpan output(std::size_t index) const final {
    return {places_.in<std::uint8_t>(model_->outputs[index]), outputs_[index].bytes};
  }

 protected:
  explicit ModelEngine(std::shared_ptr<const Model> model);
  const Model& model() const { return *model_; }
  Variables& variables() { return variables_; }
  /// At the end of a run: Errc::engine_failed when an operator gave up.
  Result<void> finished() {
    const auto problem = variables_.end_run();
    if (problem.empty()) return {};
    return make_error(Errc::engine_failed, std::string(problem),
                      "give inputs that the model is made for");
  }
  std::size_t variables_bytes() const { return variables_.bytes(); }

  Places places_;  ///< set by the engine, at least for inputs and outputs of the model

 private:
  std::shared_ptr<const Model> model_;
  Variables variables_;
  std::vector<TensorInfo> inputs_, outputs_;
  std::vector<OperatorInfo> operators_;
};

/// The time from one operator to the next.
class Lap {
 public:
  void add_to(std::chrono::nanoseconds& time) {
    const auto now = std::chrono::steady_clock::now();
    time += now - before_;
    before_ = now;
  }

 private:
  std::chrono::steady_clock::time_point before_ = std::chrono::steady_clock::now();
};

}  // namespace aiot::inference
