#include "inference/prepare/shape.hpp"

namespace aiot::inference {

Result<ShapeOf> prepare_shape(const Node& node) {
  AIOT_CHECK(node.expect(1, 1));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_type(node, *output, Type::int32, node.output_name()));
  AIOT_CHECK(expect_shape(node, *output, {static_cast<std::int32_t>(input->shape.size())},
                          node.output_name()));
  return ShapeOf{input->shape, node.output_index()};
}

}  // namespace aiot::inference
