#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "inference/reference/interpreter.hpp"

namespace aiot::inference {
namespace {

/// A graph that an operator runs: in memory of its own, with its values copied in and out.
class Subgraph {
 public:
  static Result<std::shared_ptr<Subgraph>> of(std::shared_ptr<const Model> model) {
    std::vector<Step> steps;
    for (std::size_t i = 0; i < model->operators.size(); ++i) {
      AIOT_TRY(auto step, make_step(Node(*model, i)));
      steps.push_back(std::move(step));
    }
    AIOT_TRY(auto constants, Constants::of(*model));
    AIOT_TRY(const auto arena, plan_arena(*model, arena_alignment));
    auto graph = std::make_shared<Subgraph>();
    graph->model_ = std::move(model);
    graph->constants_ = std::move(constants);
    graph->memory_.resize(arena.bytes / arena_alignment);
    graph->places_ =
        Places(graph->constants_, arena, reinterpret_cast<std::uint8_t*>(graph->memory_.data()));
    graph->steps_ = std::move(steps);
    return graph;
  }

  const Model& model() const { return *model_; }

  /// Runs it on the outer graph's `tensors` from index `first` on.
  void run(const Places& outer, const std::vector<std::int32_t>& tensors, std::size_t first) {
    places_.variables = outer.variables;
    for (std::size_t i = 0; i < model_->inputs.size(); ++i) {
      const auto index = model_->inputs[i];
      std::memcpy(places_.out<std::uint8_t>(index), outer.in<std::uint8_t>(tensors[first + i]),
                  bytes_of(index));
    }
    for (const auto& step : steps_) step(places_);
  }
  void give(const Places& outer, const std::vector<std::int32_t>& tensors) const {
    for (std::size_t i = 0; i < model_->outputs.size(); ++i) {
      const auto index = model_->outputs[i];
      std::memcpy(outer.out<std::uint8_t>(tensors[i]), places_.in<std::uint8_t>(index),
                  bytes_of(index));
    }
  }
  std::size_t input_bytes(std::size_t i) const { return bytes_of(model_->inputs[i]); }
  bool is_true() const { return *places_.in<std::uint8_t>(model_->outputs[0]) != 0; }

 private:
  std::size_t bytes_of(std::int32_t tensor) const {
    return model_->tensors[static_cast<std::size_t>(tensor)].bytes();
  }

  std::shared_ptr<const Model> model_;
  Constants constants_;
  std::vector<Block> memory_;
  Places places_;
  std::vector<Step> steps_;
};

/// The outer tensors from index `first` on are what the graph's `inner` ones are.
Result<void> expect_same(const Node& node, const std::vector<std::int32_t>& outer,
                         std::size_t first, const Model& graph,
                         const std::vector<std::int32_t>& inner, std::string_view role) {
  if (outer.size() - first != inner.size()) {
    return node.fail(Errc::bad_model, fmt::format("{} {}s for a subgraph with {}",
                                                  outer.size() - first, role, inner.size()));
  }
  for (std::size_t i = 0; i < inner.size(); ++i) {
    const auto name = fmt::format("{} {}", role, first + i);
    if (outer[first + i] < 0) return node.fail(Errc::bad_model, name + " is missing");
    const auto& a = node.model().tensors[static_cast<std::size_t>(outer[first + i])];
    const auto& b = graph.tensors[static_cast<std::size_t>(inner[i])];
    AIOT_CHECK(expect_type(node, a, b.type, name));
    if (size_of(a.type) == 0 || a.elements() != b.elements()) {
      return node.fail(Errc::bad_model, fmt::format("{} is {}, not {}", name, shape_text(a.shape),
                                                    shape_text(b.shape)));
    }
  }
  return {};
}

Result<void> expect_condition(const Node& node, const Tensor& tensor, const std::string& name) {
  AIOT_CHECK(expect_type(node, tensor, Type::boolean, name));
  if (tensor.elements() == 1) return {};
  return node.fail(Errc::bad_model, fmt::format("{} is {}", name, shape_text(tensor.shape)));
}

Result<Step> make_if(const Node& node) {
  const auto& op = node.op();
  const auto& options = node.options<BranchOptions>();
  AIOT_TRY(const auto* condition, node.input(0));
  AIOT_CHECK(expect_condition(node, *condition, node.input_name(0)));
  for (const auto* graph : {options.first_graph.get(), options.second_graph.get()}) {
    AIOT_CHECK(expect_same(node, op.inputs, 1, *graph, graph->inputs, "input"));
    AIOT_CHECK(expect_same(node, op.outputs, 0, *graph, graph->outputs, "output"));
  }
  AIOT_TRY(auto first, Subgraph::of(options.first_graph));
  AIOT_TRY(auto second, Subgraph::of(options.second_graph));
  return Step([first, second, inputs = op.inputs, outputs = op.outputs](const Places& at) {
    auto& graph = *at.in<std::uint8_t>(inputs[0]) != 0 ? *first : *second;
    graph.run(at, inputs, 1);
    graph.give(at, outputs);
  });
}

Result<Step> make_while(const Node& node) {
  const auto& op = node.op();
  const auto& options = node.options<BranchOptions>();
  const auto& condition = *options.first_graph;
  const auto& body = *options.second_graph;
  for (const auto* graph : {&condition, &body}) {
    AIOT_CHECK(expect_same(node, op.inputs, 0, *graph, graph->inputs, "input"));
    AIOT_CHECK(expect_same(node, op.outputs, 0, *graph, graph->inputs, "output"));
  }
  AIOT_CHECK(expect_same(node, op.outputs, 0, body, body.outputs, "output"));
  if (condition.outputs.size() != 1) {
    return node.fail(Errc::bad_model, fmt::format("{} conditions", condition.outputs.size()));
  }
  AIOT_CHECK(expect_condition(
      node, condition.tensors[static_cast<std::size_t>(condition.outputs[0])], "the condition"));
  AIOT_TRY(auto first, Subgraph::of(options.first_graph));
  AIOT_TRY(auto second, Subgraph::of(options.second_graph));
  return Step([first, second, inputs = op.inputs, outputs = op.outputs](const Places& at) {
    first->run(at, inputs, 0);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      std::memcpy(at.out<std::uint8_t>(outputs[i]), at.in<std::uint8_t>(inputs[i]),
                  second->input_bytes(i));
    }
    while (first->is_true() && at.variables->may_repeat()) {
      second->run(at, outputs, 0);
      second->give(at, outputs);
      first->run(at, outputs, 0);
    }
  });
}

}  // namespace

Result<Step> make_branch(const Node& node) {
  return node.op().code == Code::if_ ? make_if(node) : make_while(node);
}

}  // namespace aiot::inference
