#include "inference/prepare/node.hpp"

#include <fmt/format.h>

namespace aiot::inference {
namespace {

constexpr std::string_view convert_again = "convert the model again, with int8 or float32 tensors";

std::string name_in(const Model& model, std::string_view role, std::size_t position,
                    std::int32_t tensor) {
  if (tensor < 0) return fmt::format("{} {}", role, position);
  const auto& name = model.tensors[static_cast<std::size_t>(tensor)].name;
  return fmt::format("{} {} ({})", role, position, escape_controls(name));
}

}  // namespace

std::string Node::where() const {
  return fmt::format("operator {} ({})", index_, name_of(op().code));
}

Error Node::fail(Errc code, std::string_view what, std::string_view hint) const {
  return make_error(code, fmt::format("{}: {}", where(), what),
                    std::string(hint.empty() ? convert_again : hint));
}

std::int32_t Node::input_index(std::size_t position) const {
  return position < op().inputs.size() ? op().inputs[position] : -1;
}

std::int32_t Node::output_index(std::size_t position) const {
  return position < op().outputs.size() ? op().outputs[position] : -1;
}

const Tensor* Node::optional_input(std::size_t position) const {
  const auto index = input_index(position);
  return index < 0 ? nullptr : &model_->tensors[static_cast<std::size_t>(index)];
}

Result<const Tensor*> Node::input(std::size_t position) const {
  const auto* tensor = optional_input(position);
  if (tensor == nullptr) {
    return fail(Errc::bad_model, fmt::format("input {} is missing", position));
  }
  return tensor;
}

Result<const Tensor*> Node::output(std::size_t position) const {
  const auto index = output_index(position);
  if (index < 0) return fail(Errc::bad_model, fmt::format("output {} is missing", position));
  return &model_->tensors[static_cast<std::size_t>(index)];
}

Result<void> Node::expect(std::size_t least, std::size_t most, std::size_t wanted) const {
  if (inputs() < least || inputs() > most) {
    return fail(Errc::bad_model, fmt::format("{} inputs", inputs()));
  }
  if (outputs() != wanted) return fail(Errc::bad_model, fmt::format("{} outputs", outputs()));
  return {};
}

std::string Node::input_name(std::size_t position) const {
  return name_in(*model_, "input", position, input_index(position));
}

std::string Node::output_name(std::size_t position) const {
  return name_in(*model_, "output", position, output_index(position));
}

std::string shape_text(const std::vector<std::int32_t>& shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

}  // namespace aiot::inference
