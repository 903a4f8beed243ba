#include "inference/prepare/copy.hpp"

#include <fmt/format.h>

namespace aiot::inference {

Result<void> expect_movable(const Node& node, const Tensor& tensor, const std::string& name) {
  if (size_of(tensor.type) != 0) return {};
  return node.fail(Errc::unsupported_option, fmt::format("{} is {}", name, name_of(tensor.type)));
}

Result<Copy> prepare_copy(const Node& node) {
  AIOT_CHECK(node.expect(1, 2));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_movable(node, *input, node.input_name(0)));
  AIOT_CHECK(expect_type(node, *output, input->type, node.output_name()));
  if (input->elements() != output->elements()) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} to {}", shape_text(input->shape), shape_text(output->shape)));
  }
  return Copy{input->bytes(), node.input_index(0), node.output_index()};
}

}  // namespace aiot::inference
