#include "inference/model/check.hpp"

#include <fmt/format.h>

#include <cmath>

#include "inference/error.hpp"
#include "inference/model/read.hpp"

namespace aiot::inference {
namespace {

Error bad(std::string what) {
  return make_error(Errc::bad_model, std::move(what), "convert the model again");
}

/// Where each tensor comes from, as the operators are gone through in their order.
class Order {
 public:
  explicit Order(const Model& model) : model_(model), there_(model.tensors.size()) {
    for (std::size_t i = 0; i < there_.size(); ++i) there_[i] = model.tensors[i].is_constant();
  }

  bool in_range(std::int32_t index) const {
    return index >= 0 && static_cast<std::size_t>(index) < there_.size();
  }
  bool is_there(std::int32_t index) const { return there_[static_cast<std::size_t>(index)]; }
  /// False when it was there already.
  bool make(std::int32_t index) {
    if (is_there(index)) return false;
    there_[static_cast<std::size_t>(index)] = true;
    return true;
  }
  std::string name(std::int32_t index) const {
    return fmt::format("tensor {} ({})", index,
                       escape_controls(model_.tensors[static_cast<std::size_t>(index)].name));
  }

 private:
  const Model& model_;
  std::vector<bool> there_;
};

Result<void> check_operator(const Operator& op, const std::string& where, Order& order) {
  if (op.outputs.empty()) return bad(where + " has no output");
  for (const auto index : op.inputs) {
    if (index == -1) continue;  // optional, left out
    if (!order.in_range(index)) return bad(fmt::format("{} reads tensor {}", where, index));
    if (!order.is_there(index)) {
      return bad(fmt::format("{} reads {} before it is made", where, order.name(index)));
    }
  }
  for (const auto index : op.outputs) {
    if (!order.in_range(index)) return bad(fmt::format("{} writes tensor {}", where, index));
    if (!order.make(index)) {
      return bad(fmt::format("{} writes {}, which is there already", where, order.name(index)));
    }
  }
  return {};
}

}  // namespace

Result<void> check_graph(const Model& model) {
  Order order(model);
  if (model.inputs.empty()) return bad("the model has no input");
  if (model.outputs.empty()) return bad("the model has no output");
  for (const auto index : model.inputs) {
    if (!order.in_range(index)) return bad(fmt::format("the model's input is tensor {}", index));
    if (!order.make(index)) {
      return bad(
          fmt::format("the model's input {} is a constant, or named twice", order.name(index)));
    }
  }
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    const auto& op = model.operators[i];
    AIOT_CHECK(check_operator(op, fmt::format("operator {} ({})", i, name_of(op.code)), order));
  }
  for (const auto index : model.outputs) {
    if (!order.in_range(index)) return bad(fmt::format("the model's output is tensor {}", index));
    if (!order.is_there(index)) {
      return bad(fmt::format("no operator makes the model's output {}", order.name(index)));
    }
  }
  return {};
}

Result<void> check_tensor(const Tensor& tensor) {
  constexpr std::size_t most_dimensions = 8;
  if (tensor.shape.size() > most_dimensions) {
    return make_error(Errc::too_large, fmt::format("{} dimensions", tensor.shape.size()));
  }
  std::size_t elements = 1;
  for (const auto extent : tensor.shape) {
    if (extent < 1) return bad(fmt::format("a dimension of {}", extent));
    elements *= static_cast<std::size_t>(extent);
    if (elements > most_tensor_bytes) {
      return make_error(Errc::too_large, "more values than a device's memory holds");
    }
  }
  if (tensor.bytes() > most_tensor_bytes) {
    return make_error(Errc::too_large, fmt::format("{} bytes", tensor.bytes()));
  }
  if (tensor.is_constant() && size_of(tensor.type) != 0 && tensor.data.size() != tensor.bytes()) {
    return bad(fmt::format("{} bytes of constants where the shape needs {}", tensor.data.size(),
                           tensor.bytes()));
  }
  const auto& q = tensor.quantization;
  for (const auto scale : q.scales) {
    if (!std::isfinite(scale) || scale <= 0) return bad(fmt::format("a scale of {}", scale));
  }
  const auto fits = [&](std::int32_t zero_point) {
    if (tensor.type == Type::int8) return zero_point >= -128 && zero_point <= 127;
    if (tensor.type == Type::uint8) return zero_point >= 0 && zero_point <= 255;
    return zero_point >= -32'768 && zero_point <= 32'767;
  };
  for (const auto zero_point : q.zero_points) {
    if (!fits(zero_point)) return bad(fmt::format("a zero point of {}", zero_point));
  }
  return {};
}

}  // namespace aiot::inference
