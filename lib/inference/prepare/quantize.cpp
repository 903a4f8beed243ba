#include "inference/prepare/quantize.hpp"

#include <fmt/format.h>

namespace aiot::inference {

Result<Quantize> prepare_quantize(const Node& node) {
  AIOT_CHECK(node.expect(1, 1));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  const bool to_int8 = node.op().code == Code::quantize;
  const auto type = to_int8 ? output->type : input->type;
  AIOT_CHECK(expect_type(node, to_int8 ? *input : *output, Type::float32,
                         to_int8 ? node.input_name(0) : node.output_name()));
  if (type != Type::int8 && (to_int8 || type != Type::uint8)) {
    return node.fail(Errc::unsupported_option,
                     fmt::format("{} to {}", name_of(input->type), name_of(output->type)));
  }
  const auto& quantized = to_int8 ? *output : *input;
  AIOT_CHECK(expect_one_scale(node, quantized, to_int8 ? node.output_name() : node.input_name(0)));
  if (input->elements() != output->elements()) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} to {}", shape_text(input->shape), shape_text(output->shape)));
  }
  return Quantize{input->type,       quantized.scale(),   quantized.zero_point(),
                  input->elements(), node.input_index(0), node.output_index()};
}

}  // namespace aiot::inference
