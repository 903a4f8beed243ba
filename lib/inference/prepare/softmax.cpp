#include "inference/prepare/softmax.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace aiot::inference {
namespace {

Result<kernel::SoftmaxInt8> quantized(const Node& node, const Tensor& input, const Tensor& output,
                                      float beta) {
  constexpr int integer_bits = 5;
  if (output.zero_point() != -128 || output.scale() != 1.0F / 256) {
    return node.fail(Errc::unsupported_option,
                     fmt::format("an output scale of {} and a zero point of {} instead of 1/256 "
                                 "and -128",
                                 output.scale(), output.zero_point()));
  }
  const double value = std::min(
      static_cast<double>(beta) * static_cast<double>(input.scale()) * (1 << (31 - integer_bits)),
      (1LL << 31) - 1.0);
  if (!(value > 1)) {
    return node.fail(Errc::bad_model,
                     fmt::format("beta {} with a scale of {}", beta, input.scale()));
  }
  kernel::SoftmaxInt8 result;
  result.beta = kernel::factor_of(value);
  // The largest difference whose product with beta still fits Q5.
  const double radius = ((1 << integer_bits) - 1) *
                        static_cast<double>(1LL << (31 - integer_bits)) /
                        static_cast<double>(1LL << result.beta.shift);
  result.least_difference = -static_cast<std::int32_t>(std::floor(radius));
  return result;
}

}  // namespace

Result<Softmax> prepare_softmax(const Node& node) {
  AIOT_TRY(const auto tensors, in_and_out(node, 1, 1));
  AIOT_CHECK(expect_shape(node, *tensors.output, tensors.input->shape, node.output_name()));
  if (tensors.input->shape.empty()) return node.fail(Errc::bad_model, "of a scalar");
  Softmax softmax;
  softmax.type = tensors.input->type;
  softmax.depth = tensors.input->shape.back();
  softmax.rows = static_cast<std::int32_t>(tensors.input->elements() /
                                           static_cast<std::size_t>(softmax.depth));
  softmax.input = node.input_index(0);
  softmax.output = node.output_index();
  softmax.beta = node.options<SoftmaxOptions>().beta;
  if (!tensors.quantized()) return softmax;
  constexpr std::int32_t most_depth = 4095;  // the sum of as many ones fits Q12
  if (softmax.depth > most_depth) {
    return node.fail(Errc::unsupported_option, fmt::format("int8 rows of {}", softmax.depth));
  }
  AIOT_TRY(softmax.quantized, quantized(node, *tensors.input, *tensors.output, softmax.beta));
  return softmax;
}

}  // namespace aiot::inference
