#include <fmt/format.h>

#include <algorithm>

#include "inference/prepare/prepare.hpp"

namespace aiot::inference {
namespace {

/// GATHER_ND's runs, for positions whose last dimension are the first `depth` dimensions of `from`.
GatherNd runs_of(const Node& node, const std::vector<std::int32_t>& from, std::size_t depth) {
  GatherNd gather;
  auto& s = gather.shape;
  s.depth = static_cast<int>(depth);
  std::size_t step = 1;
  for (std::size_t i = depth; i-- > 0;) {
    s.extent[i] = from[i];
    s.step[i] = step;
    step *= static_cast<std::size_t>(from[i]);
  }
  gather.output = node.output_index();
  return gather;
}

Result<std::size_t> expect_positions(const Node& node, const Tensor& positions, std::size_t input) {
  if (positions.type == Type::int32) return std::size_t{4};
  if (positions.type == Type::int64) return std::size_t{8};
  return node.fail(Errc::unsupported_option,
                   fmt::format("{} is {}", node.input_name(input), name_of(positions.type)));
}

}  // namespace

Result<GatherNd> prepare_gather_nd(const Node& node) {
  AIOT_CHECK(node.expect(2, 2));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* positions, node.input(1));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_movable(node, *input, node.input_name(0)));
  AIOT_CHECK(expect_type(node, *output, input->type, node.output_name()));
  AIOT_CHECK(expect_type(node, *positions, Type::int32, node.input_name(1)));
  const auto& from = input->shape;
  const auto& at = positions->shape;
  const auto depth = at.empty() ? 0 : static_cast<std::size_t>(at.back());
  if (depth < 1 || depth > from.size()) {
    return node.fail(Errc::bad_model,
                     fmt::format("positions of {} in {}", shape_text(at), shape_text(from)));
  }
  std::vector<std::int32_t> shape(at.begin(), at.end() - 1);
  shape.insert(shape.end(), from.begin() + static_cast<std::ptrdiff_t>(depth), from.end());
  AIOT_CHECK(expect_shape(node, *output, shape, node.output_name()));
  auto gather = runs_of(node, from, depth);
  gather.shape.count = product(at, 0, at.size() - 1);
  gather.shape.run_bytes = product(from, depth, from.size()) * size_of(input->type);
  gather.input = node.input_index(0);
  gather.positions = node.input_index(1);
  return gather;
}

Result<GatherNd> prepare_embedding_lookup(const Node& node) {
  AIOT_CHECK(node.expect(2, 2));
  AIOT_TRY(const auto* positions, node.input(0));
  AIOT_TRY(const auto* table, node.input(1));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_type(node, *positions, Type::int32, node.input_name(0)));
  AIOT_CHECK(expect_computable(node, *table, node.input_name(1)));
  const bool to_real = table->type == Type::int8 && output->type == Type::float32;
  AIOT_CHECK(expect_type(node, *output, to_real ? Type::float32 : table->type, node.output_name()));
  if (positions->shape.size() != 1 || table->shape.size() < 2) {
    return node.fail(Errc::bad_model, fmt::format("rows {} of {}", shape_text(positions->shape),
                                                  shape_text(table->shape)));
  }
  auto shape = table->shape;
  shape[0] = positions->shape[0];
  AIOT_CHECK(expect_shape(node, *output, shape, node.output_name()));
  auto gather = runs_of(node, table->shape, 1);
  gather.shape.count = positions->elements();
  gather.shape.run_bytes = product(shape, 1, shape.size()) * size_of(table->type);
  gather.input = node.input_index(1);
  gather.positions = node.input_index(0);
  if (!to_real) return gather;
  AIOT_CHECK(expect_one_scale(node, *table, node.input_name(1)));
  if (table->zero_point() != 0) {
    return node.fail(Errc::unsupported_option,
                     fmt::format("a table with zero point {}", table->zero_point()));
  }
  gather.to_real = true;
  gather.scale = table->scale();
  return gather;
}

Result<UpdateSlice> prepare_update_slice(const Node& node) {
  AIOT_CHECK(node.expect(3, 3));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* update, node.input(1));
  AIOT_TRY(const auto* positions, node.input(2));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_movable(node, *input, node.input_name(0)));
  AIOT_CHECK(expect_type(node, *update, input->type, node.input_name(1)));
  AIOT_CHECK(expect_type(node, *output, input->type, node.output_name()));
  AIOT_CHECK(expect_shape(node, *output, input->shape, node.output_name()));
  AIOT_TRY(const auto position_bytes, expect_positions(node, *positions, 2));
  const auto& whole = input->shape;
  const auto& block = update->shape;
  AIOT_CHECK(expect_shape(node, *positions, {static_cast<std::int32_t>(whole.size())},
                          node.input_name(2)));
  bool fits = block.size() == whole.size();
  for (std::size_t i = 0; fits && i < whole.size(); ++i) fits = block[i] <= whole[i];
  if (!fits) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} into {}", shape_text(block), shape_text(whole)));
  }
  UpdateSlice slice;
  const auto from = dense_steps(*update);
  const auto to = dense_steps(*output);
  slice.move.unit_bytes = size_of(input->type);
  slice.place.depth = static_cast<int>(whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const auto at = kernel::Move::rank - whole.size() + i;
    slice.move.extent[at] = block[i];
    slice.move.input_step[at] = from[i];
    slice.move.output_step[at] = to[i];
    slice.place.last[i] = whole[i] - block[i];
    slice.place.step[i] = static_cast<std::size_t>(to[i]);
  }
  slice.bytes = input->bytes();
  slice.wide = position_bytes == 8;
  slice.input = node.input_index(0);
  slice.update = node.input_index(1);
  slice.positions = node.input_index(2);
  slice.output = node.output_index();
  return slice;
}

namespace {

/// How far apart the values of `shape` lie where `output` is gone through, 0 where they repeat;
/// false when it does not fit.
bool set_steps(const std::vector<std::int32_t>& shape, const std::vector<std::int32_t>& output,
               std::size_t (&steps)[kernel::Broadcast::rank]) {
  std::size_t step = 1;
  for (std::size_t i = 1; i <= shape.size(); ++i) {
    const auto extent = shape[shape.size() - i];
    const auto wanted = i <= output.size() ? output[output.size() - i] : 1;
    if (extent != 1 && extent != wanted) return false;
    if (i > output.size()) continue;
    steps[kernel::Broadcast::rank - i] = extent == 1 ? 0 : step;
    step *= static_cast<std::size_t>(extent);
  }
  return true;
}

}  // namespace

Result<Select> prepare_select(const Node& node) {
  AIOT_CHECK(node.expect(3, 3));
  AIOT_TRY(const auto* condition, node.input(0));
  AIOT_TRY(const auto* a, node.input(1));
  AIOT_TRY(const auto* b, node.input(2));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_type(node, *condition, Type::boolean, node.input_name(0)));
  AIOT_CHECK(expect_movable(node, *a, node.input_name(1)));
  AIOT_CHECK(expect_type(node, *b, a->type, node.input_name(2)));
  AIOT_CHECK(expect_type(node, *output, a->type, node.output_name()));
  constexpr std::size_t rank = kernel::Broadcast::rank;
  const auto& shape = output->shape;
  if (shape.size() > rank) {
    return node.fail(Errc::unsupported_option, fmt::format("{} dimensions", shape.size()));
  }
  Select select;
  auto& s = select.shape;
  bool fits = set_steps(condition->shape, shape, s.step_condition) &&
              set_steps(a->shape, shape, s.values.step_a) &&
              set_steps(b->shape, shape, s.values.step_b);
  for (std::size_t i = 1; i <= shape.size(); ++i) {
    const auto extent = shape[shape.size() - i];
    const auto has = [&](const Tensor& t) {
      return i <= t.shape.size() && t.shape[t.shape.size() - i] == extent;
    };
    fits = fits && (extent == 1 || has(*condition) || has(*a) || has(*b));
    s.values.extent[rank - i] = extent;
  }
  if (!fits) {
    return node.fail(Errc::bad_model,
                     fmt::format("{}, {} and {} do not make {}", shape_text(condition->shape),
                                 shape_text(a->shape), shape_text(b->shape), shape_text(shape)));
  }
  select.unit_bytes = size_of(a->type);
  select.condition = node.input_index(0);
  select.a = node.input_index(1);
  select.b = node.input_index(2);
  select.output = node.output_index();
  return select;
}

Result<BroadcastArgs> prepare_broadcast_args(const Node& node) {
  AIOT_CHECK(node.expect(2, 2));
  AIOT_TRY(const auto* a, node.input(0));
  AIOT_TRY(const auto* b, node.input(1));
  AIOT_TRY(const auto* output, node.output());
  AIOT_TRY(const auto position_bytes, expect_positions(node, *a, 0));
  AIOT_CHECK(expect_type(node, *b, a->type, node.input_name(1)));
  AIOT_CHECK(expect_type(node, *output, a->type, node.output_name()));
  if (a->shape.size() != 1 || b->shape.size() != 1) {
    return node.fail(Errc::bad_model, fmt::format("shapes of {} and {}", shape_text(a->shape),
                                                  shape_text(b->shape)));
  }
  AIOT_CHECK(expect_shape(node, *output, {std::max(a->shape[0], b->shape[0])}, node.output_name()));
  return BroadcastArgs{a->elements(),       b->elements(),       position_bytes == 8,
                       node.input_index(0), node.input_index(1), node.output_index()};
}

Result<Detection> prepare_detection(const Node& node) {
  AIOT_CHECK(node.expect(3, 3, 4));
  AIOT_TRY(const auto* boxes, node.input(0));
  AIOT_TRY(const auto* scores, node.input(1));
  AIOT_TRY(const auto* anchors, node.input(2));
  const auto& o = node.options<DetectionOptions>();
  Detection result;
  auto& s = result.shape;
  for (std::size_t i = 0; i < 3; ++i) {
    AIOT_TRY(const auto* input, node.input(i));
    AIOT_CHECK(expect_type(node, *input, Type::float32, node.input_name(i)));
  }
  if (boxes->shape.size() != 3 || boxes->shape[0] != 1 || boxes->shape[2] < 4) {
    return node.fail(Errc::bad_model, fmt::format("boxes of {}", shape_text(boxes->shape)));
  }
  s.boxes = boxes->shape[1];
  s.encoding = boxes->shape[2];
  s.classes = o.classes;
  AIOT_CHECK(expect_shape(node, *anchors, {s.boxes, 4}, node.input_name(2)));
  if (scores->shape.size() != 3 || scores->shape[0] != 1 || scores->shape[1] != s.boxes ||
      s.classes < 1 || scores->shape[2] < s.classes || scores->shape[2] > s.classes + 1) {
    return node.fail(Errc::bad_model, fmt::format("scores of {} for {} boxes and {} classes",
                                                  shape_text(scores->shape), s.boxes, s.classes));
  }
  s.background = scores->shape[2] - s.classes;
  s.regular = o.regular;
  s.most = o.max_detections;
  s.most_of_class = o.detections_per_class;
  if (s.regular ? s.most_of_class < 1 : o.classes_per_detection < 1) {
    return node.fail(Errc::bad_model, "no detections for a class");
  }
  if (!s.regular && std::min(o.classes_per_detection, s.classes) > 1) {
    return node.fail(Errc::unsupported_option, "several classes for each detection");
  }
  s.score_threshold = o.score_threshold;
  s.overlap_threshold = o.overlap_threshold;
  if (!(s.overlap_threshold > 0 && s.overlap_threshold <= 1)) {
    return node.fail(Errc::bad_model, fmt::format("an overlap of {}", s.overlap_threshold));
  }
  s.y_scale = o.y_scale;
  s.x_scale = o.x_scale;
  s.h_scale = o.h_scale;
  s.w_scale = o.w_scale;
  const auto most = static_cast<std::size_t>(s.most);
  const std::size_t elements[] = {4 * most, most, most, 1};
  for (std::size_t i = 0; i < 4; ++i) {
    AIOT_TRY(const auto* output, node.output(i));
    AIOT_CHECK(expect_type(node, *output, Type::float32, node.output_name(i)));
    if (output->elements() == elements[i]) continue;
    return node.fail(Errc::bad_model, fmt::format("{} is {} for {} detections", node.output_name(i),
                                                  shape_text(output->shape), s.most));
  }
  result.boxes = node.input_index(0);
  result.scores = node.input_index(1);
  result.anchors = node.input_index(2);
  result.found_boxes = node.output_index(0);
  result.found_classes = node.output_index(1);
  result.found_scores = node.output_index(2);
  result.count = node.output_index(3);
  return result;
}

}  // namespace aiot::inference
