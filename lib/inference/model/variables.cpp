#include "inference/model/variables.hpp"

#include <fmt/format.h>

namespace aiot::inference {

Result<void> VariableResolver::resolve(
    const std::function<Result<void>(std::int32_t)>& initialise) {
  bool used = false;
  for (std::size_t i = 0; i < model_.operators.size(); ++i) {
    auto& op = model_.operators[i];
    const auto where = fmt::format("operator {} ({})", i, name_of(op.code));
    switch (op.code) {
      case Code::var_handle: {
        AIOT_CHECK(name(op).with(where));
        break;
      }
      case Code::read_variable:
      case Code::assign_variable: {
        used = true;
        AIOT_TRY(const auto index, find(op).with(where));
        op.options = VariableOptions{static_cast<std::int32_t>(index)};
        if (op.code == Code::assign_variable) {
          AIOT_CHECK(size(index, model_.tensors[value_of(op)]).with(where));
        }
        break;
      }
      case Code::call_once: {
        if (used) {
          return make_error(Errc::unsupported_option, where + ": after a variable is used",
                            "convert the model again");
        }
        AIOT_CHECK(initialise(std::get<CallOnceOptions>(op.options).subgraph).with(where));
        break;
      }
      default: break;
    }
  }
  return {};
}

Result<void> VariableResolver::initialise(const Model& graph) {
  handles_.swap(outer_handles_);
  handles_.clear();
  for (const auto& op : graph.operators) {
    if (op.code == Code::var_handle) {
      AIOT_CHECK(name(op));
      continue;
    }
    if (op.code != Code::assign_variable) {
      return make_error(Errc::unsupported_option, name_of(op.code) + " in its graph",
                        "convert the model again");
    }
    AIOT_TRY(const auto index, find(op));
    const auto& value = graph.tensors[value_of(op)];
    if (!value.is_constant()) return bad("a computed value in its graph");
    AIOT_CHECK(size(index, value));
    model_.variables[index].initial = value.data;
  }
  handles_.swap(outer_handles_);
  return {};
}

Result<void> VariableResolver::name(const Operator& op) {
  const auto& options = std::get<VarHandleOptions>(op.options);
  const auto key = options.container + '/' + options.name;
  const auto [found, is_new] = names_.try_emplace(key, model_.variables.size());
  if (is_new) model_.variables.emplace_back().name = options.name;
  for (const auto output : op.outputs) handles_[output] = found->second;
  return {};
}

Result<std::size_t> VariableResolver::find(const Operator& op) const {
  const std::size_t operands = op.code == Code::assign_variable ? 2 : 1;
  if (op.inputs.size() != operands || op.inputs.back() < 0) return bad("a missing operand");
  const auto found = handles_.find(op.inputs[0]);
  if (found == handles_.end()) return bad("a handle that VAR_HANDLE does not make");
  return found->second;
}

Result<void> VariableResolver::size(std::size_t index, const Tensor& value) {
  auto& variable = model_.variables[index];
  if (variable.bytes != 0 && variable.bytes != value.bytes()) {
    return bad(fmt::format("{} bytes for a variable of {}", value.bytes(), variable.bytes));
  }
  // Where nothing is assigned before the first read, values are 0 as the first assignment's
  // tensor has it: in each byte its zero point.
  if (variable.bytes == 0) variable.fill = static_cast<std::uint8_t>(value.zero_point());
  variable.bytes = value.bytes();
  return {};
}

}  // namespace aiot::inference
