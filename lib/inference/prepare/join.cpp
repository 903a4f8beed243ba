#include <fmt/format.h>

#include <algorithm>

#include "inference/prepare/copy.hpp"
#include "inference/prepare/move.hpp"

// CONCATENATION, PACK and SPLIT: parts beside each other along one axis, `outer` times.
namespace aiot::inference {
namespace {

std::size_t product(const std::vector<std::int32_t>& shape, std::size_t first, std::size_t end) {
  std::size_t result = 1;
  for (auto i = first; i < end; ++i) result *= static_cast<std::size_t>(shape[i]);
  return result;
}

/// `outer` runs of `part_bytes`, which lie `whole_bytes` apart in the joined tensor.
kernel::Move runs(std::size_t outer, std::size_t part_bytes) {
  kernel::Move move;
  move.unit_bytes = part_bytes;
  move.extent[kernel::Move::rank - 1] = static_cast<std::int32_t>(outer);
  return move;
}

void set_joined(std::ptrdiff_t (&steps)[kernel::Move::rank], std::size_t& first,
                std::size_t whole_bytes, std::size_t offset) {
  steps[kernel::Move::rank - 1] = static_cast<std::ptrdiff_t>(whole_bytes);
  first = offset;
}

/// Shapes that differ along `axis` alone.
Result<void> expect_beside(const Node& node, const Tensor& part, const Tensor& whole,
                           std::size_t axis, const std::string& name) {
  auto shape = whole.shape;
  if (axis < part.shape.size() && part.shape.size() == shape.size()) shape[axis] = part.shape[axis];
  return expect_shape(node, part, shape, name);
}

}  // namespace

Result<Moves> prepare_concatenation(const Node& node) {
  AIOT_CHECK(node.expect(1, node.inputs()));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_movable(node, *output, node.output_name()));
  const auto& options = node.options<ConcatenationOptions>();
  if (options.activation != Activation::none) {
    return node.fail(Errc::unsupported_option, "a fused activation");
  }
  const auto& shape = output->shape;
  AIOT_TRY(const auto axis, checked_axis(node, options.axis, shape.size()));
  const auto outer = product(shape, 0, axis);
  const auto whole_bytes = output->bytes() / outer;
  Moves moves;
  std::size_t offset = 0;
  for (std::size_t i = 0; i < node.inputs(); ++i) {
    const auto name = node.input_name(i);
    AIOT_TRY(const auto* part, node.input(i));
    AIOT_CHECK(expect_type(node, *part, output->type, name));
    AIOT_CHECK(expect_beside(node, *part, *output, axis, name));
    if (output->type == Type::int8 &&
        (part->scale() != output->scale() || part->zero_point() != output->zero_point())) {
      return node.fail(Errc::unsupported_option,
                       fmt::format("{} has another scale than the output", name));
    }
    const auto part_bytes = part->bytes() / outer;
    if (offset + part_bytes > whole_bytes) break;
    auto move = runs(outer, part_bytes);
    move.input_step[kernel::Move::rank - 1] = static_cast<std::ptrdiff_t>(part_bytes);
    set_joined(move.output_step, move.output_first, whole_bytes, offset);
    moves.blocks.push_back({move, node.input_index(i), node.output_index()});
    offset += part_bytes;
  }
  if (offset != whole_bytes || moves.blocks.size() != node.inputs()) {
    return node.fail(Errc::bad_model, fmt::format("its inputs do not make {}", shape_text(shape)));
  }
  return moves;
}

Result<Moves> prepare_pack(const Node& node) {
  AIOT_CHECK(node.expect(1, node.inputs()));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_movable(node, *output, node.output_name()));
  const auto& options = node.options<PackOptions>();
  AIOT_TRY(const auto axis, checked_axis(node, options.axis, output->shape.size()));
  const auto count = static_cast<std::int32_t>(node.inputs());
  if (options.values_count != count || output->shape[axis] != count) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} inputs make {}", count, shape_text(output->shape)));
  }
  auto part_shape = output->shape;
  part_shape.erase(part_shape.begin() + static_cast<std::ptrdiff_t>(axis));
  const auto outer = product(output->shape, 0, axis);
  const auto whole_bytes = output->bytes() / outer;
  const auto part_bytes = whole_bytes / node.inputs();
  Moves moves;
  for (std::size_t i = 0; i < node.inputs(); ++i) {
    const auto name = node.input_name(i);
    AIOT_TRY(const auto* part, node.input(i));
    AIOT_CHECK(expect_type(node, *part, output->type, name));
    AIOT_CHECK(expect_shape(node, *part, part_shape, name));
    auto move = runs(outer, part_bytes);
    move.input_step[kernel::Move::rank - 1] = static_cast<std::ptrdiff_t>(part_bytes);
    set_joined(move.output_step, move.output_first, whole_bytes, i * part_bytes);
    moves.blocks.push_back({move, node.input_index(i), node.output_index()});
  }
  return moves;
}

Result<Moves> prepare_split(const Node& node) {
  const auto count = static_cast<std::size_t>(std::max(node.options<SplitOptions>().num_splits, 1));
  AIOT_CHECK(node.expect(2, 2, count));
  AIOT_TRY(const auto axes, constant_integers(node, 0));
  AIOT_TRY(const auto* input, node.input(1));
  AIOT_CHECK(expect_movable(node, *input, node.input_name(1)));
  if (axes.size() != 1) return node.fail(Errc::bad_model, fmt::format("{} axes", axes.size()));
  AIOT_TRY(const auto axis, checked_axis(node, axes[0], input->shape.size()));
  auto part_shape = input->shape;
  part_shape[axis] /= static_cast<std::int32_t>(count);
  if (static_cast<std::size_t>(input->shape[axis]) % count != 0) {
    return node.fail(Errc::bad_model, fmt::format("{} in {} parts", input->shape[axis], count));
  }
  const auto outer = product(input->shape, 0, axis);
  const auto whole_bytes = input->bytes() / outer;
  const auto part_bytes = whole_bytes / count;
  Moves moves;
  for (std::size_t i = 0; i < count; ++i) {
    AIOT_TRY(const auto* part, node.output(i));
    AIOT_CHECK(expect_type(node, *part, input->type, node.output_name(i)));
    AIOT_CHECK(expect_shape(node, *part, part_shape, node.output_name(i)));
    auto move = runs(outer, part_bytes);
    move.output_step[kernel::Move::rank - 1] = static_cast<std::ptrdiff_t>(part_bytes);
    set_joined(move.input_step, move.input_first, whole_bytes, i * part_bytes);
    moves.blocks.push_back({move, node.input_index(1), node.output_index(i)});
  }
  return moves;
}

}  // namespace aiot::inference
