#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "inference/prepare/prepare.hpp"

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

std::vector<std::ptrdiff_t> dense_steps(const Tensor& tensor) {
  std::vector<std::ptrdiff_t> steps(tensor.shape.size());
  auto step = static_cast<std::ptrdiff_t>(size_of(tensor.type));
  for (std::size_t i = steps.size(); i-- > 0;) {
    steps[i] = step;
    step *= tensor.shape[i];
  }
  return steps;
}

namespace {

/// Input 0 and output 0: one type, of a fixed size.
Result<InOut> movable_in_and_out(const Node& node, std::size_t least, std::size_t most) {
  AIOT_CHECK(node.expect(least, most));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_movable(node, *input, node.input_name(0)));
  AIOT_CHECK(expect_type(node, *output, input->type, node.output_name()));
  return InOut{input, output};
}

Moves one_block(const Node& node, const kernel::Move& move) {
  Moves moves;
  moves.blocks.push_back({move, node.input_index(0), node.output_index()});
  return moves;
}

}  // namespace

Result<Moves> prepare_transpose(const Node& node) {
  AIOT_TRY(const auto t, movable_in_and_out(node, 2, 2));
  AIOT_TRY(const auto order, constant_integers(node, 1));
  const auto rank = t.input->shape.size();
  std::vector<std::int32_t> sorted = order;
  std::ranges::sort(sorted);
  bool permutation = order.size() == rank;
  for (std::size_t i = 0; permutation && i < rank; ++i) {
    permutation = sorted[i] == static_cast<std::int32_t>(i);
  }
  if (!permutation) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} is no order of {} dimensions", shape_text(order), rank));
  }
  const auto input_steps = dense_steps(*t.input);
  const auto output_steps = dense_steps(*t.output);
  kernel::Move move;
  move.unit_bytes = size_of(t.input->type);
  std::vector<std::int32_t> shape(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    shape[i] = t.input->shape[static_cast<std::size_t>(order[i])];
  }
  AIOT_CHECK(expect_shape(node, *t.output, shape, node.output_name()));
  for (std::size_t i = 0; i < rank; ++i) {
    const auto to = kernel::Move::rank - rank + i;
    move.extent[to] = shape[i];
    move.input_step[to] = input_steps[static_cast<std::size_t>(order[i])];
    move.output_step[to] = output_steps[i];
  }
  return one_block(node, move);
}

namespace {

/// What one dimension of a strided slice takes: `count` values from `first` on, `stride` apart.
struct Slice {
  std::int32_t first = 0, count = 1, stride = 1;
  bool keep = true;  ///< false: the dimension is dropped
};

Slice slice_of(std::int32_t begin, std::int32_t end, std::int32_t stride, std::int32_t extent,
               const StridedSliceOptions& options, int dimension) {
  const auto is_set = [&](std::int32_t mask) { return ((mask >> dimension) & 1) != 0; };
  // What lies outside is brought to the first or last value, or one beyond, against the direction.
  const auto bounded = [&](std::int32_t index) {
    const auto from_start = index < 0 ? static_cast<std::int64_t>(index) + extent : index;
    return stride > 0 ? std::clamp<std::int64_t>(from_start, 0, extent)
                      : std::clamp<std::int64_t>(from_start, -1, extent - 1);
  };
  const auto first = is_set(options.begin_mask) ? (stride > 0 ? 0 : extent - 1) : bounded(begin);
  if (is_set(options.shrink_axis_mask)) {
    return {static_cast<std::int32_t>(first), first >= 0 && first < extent ? 1 : 0, 1, false};
  }
  const auto last = is_set(options.end_mask) ? (stride > 0 ? extent : -1) : bounded(end);
  const std::int64_t away = stride > 0 ? 1 : -1;
  const auto count = (last - first + stride - away) / stride;
  return {static_cast<std::int32_t>(first),
          static_cast<std::int32_t>(std::max<std::int64_t>(count, 0)), stride, true};
}

struct Bounds {
  std::vector<std::int32_t> begin, end, strides;
};

Result<Bounds> bounds_of(const Node& node, std::size_t rank) {
  Bounds bounds;
  AIOT_TRY(bounds.begin, constant_integers(node, 1));
  AIOT_TRY(bounds.end, constant_integers(node, 2));
  AIOT_TRY(bounds.strides, constant_integers(node, 3));
  const auto size = bounds.begin.size();
  if (size != bounds.end.size() || size != bounds.strides.size() || size > rank) {
    return node.fail(Errc::bad_model, fmt::format("{}, {} and {} bounds for {} dimensions", size,
                                                  bounds.end.size(), bounds.strides.size(), rank));
  }
  if (std::ranges::count(bounds.strides, 0) != 0) {
    return node.fail(Errc::bad_model, "a stride of 0");
  }
  return bounds;
}

}  // namespace

Result<Moves> prepare_strided_slice(const Node& node) {
  AIOT_TRY(const auto t, movable_in_and_out(node, 4, 4));
  const auto& options = node.options<StridedSliceOptions>();
  if (options.ellipsis_mask != 0 || options.new_axis_mask != 0 || options.offset) {
    return node.fail(Errc::unsupported_option, "an ellipsis, a new axis or relative ends");
  }
  const auto& extents = t.input->shape;
  AIOT_TRY(const auto bounds, bounds_of(node, extents.size()));
  const auto input_steps = dense_steps(*t.input);
  kernel::Move move;
  move.unit_bytes = size_of(t.input->type);
  std::vector<std::int32_t> shape;
  std::vector<Slice> slices;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    Slice slice{0, extents[i], 1, true};  // dimensions that are not named are taken whole
    if (i < bounds.begin.size()) {
      slice = slice_of(bounds.begin[i], bounds.end[i], bounds.strides[i], extents[i], options,
                       static_cast<int>(i));
    }
    if (slice.count < 1) return node.fail(Errc::bad_model, fmt::format("nothing of axis {}", i));
    if (slice.keep) shape.push_back(slice.count);
    slices.push_back(slice);
  }
  AIOT_CHECK(expect_shape(node, *t.output, shape, node.output_name()));
  auto output_step = static_cast<std::ptrdiff_t>(move.unit_bytes);
  for (std::size_t i = extents.size(); i-- > 0;) {
    const auto to = kernel::Move::rank - extents.size() + i;
    move.extent[to] = slices[i].count;
    // Of one value there is no next; its stride may be beyond any distance.
    move.input_step[to] = slices[i].count == 1 ? 0 : input_steps[i] * slices[i].stride;
    move.output_step[to] = output_step;
    move.input_first += static_cast<std::size_t>(input_steps[i] * slices[i].first);
    output_step *= slices[i].count;
  }
  return one_block(node, move);
}

namespace {

/// What PAD puts around: its third input, or the output's zero.
Result<std::vector<std::uint8_t>> padding_value(const Node& node, const Tensor& output) {
  const auto* value = node.optional_input(2);
  if (value != nullptr) {
    AIOT_CHECK(expect_type(node, *value, output.type, node.input_name(2)));
    if (!value->is_constant() || value->elements() != 1) {
      return node.fail(Errc::unsupported_option, "a padding that is no constant");
    }
    if (output.type == Type::int8 &&
        (value->scale() != output.scale() || value->zero_point() != output.zero_point())) {
      return node.fail(Errc::bad_model, "a padding with another scale than the output's");
    }
    return std::vector<std::uint8_t>(value->data.begin(), value->data.end());
  }
  std::vector<std::uint8_t> zero(size_of(output.type));
  if (output.type == Type::int8 || output.type == Type::uint8) {
    zero[0] = static_cast<std::uint8_t>(output.zero_point());
  }
  return zero;
}

}  // namespace

namespace {

/// How many values go before and behind each dimension; the output has room for them.
Result<std::vector<std::int32_t>> paddings_of(const Node& node, const InOut& t) {
  AIOT_TRY(auto paddings, constant_integers(node, 1));
  const auto& extents = t.input->shape;
  if (paddings.size() != 2 * extents.size()) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} paddings for {} dimensions", paddings.size(), extents.size()));
  }
  if (std::ranges::any_of(paddings, [](std::int32_t p) { return p < 0 || p > (1 << 28); })) {
    return node.fail(Errc::bad_model, "a padding out of range");
  }
  std::vector<std::int32_t> shape = extents;
  for (std::size_t i = 0; i < shape.size(); ++i) shape[i] += paddings[2 * i] + paddings[2 * i + 1];
  AIOT_CHECK(expect_shape(node, *t.output, shape, node.output_name()));
  return paddings;
}

}  // namespace

Result<Moves> prepare_pad(const Node& node) {
  AIOT_TRY(const auto t, movable_in_and_out(node, 2, 3));
  AIOT_TRY(const auto paddings, paddings_of(node, t));
  const auto& extents = t.input->shape;
  const auto input_steps = dense_steps(*t.input);
  const auto output_steps = dense_steps(*t.output);
  kernel::Move move;
  move.unit_bytes = size_of(t.input->type);
  for (std::size_t i = 0; i < extents.size(); ++i) {
    const auto to = kernel::Move::rank - extents.size() + i;
    move.extent[to] = extents[i];
    move.input_step[to] = input_steps[i];
    move.output_step[to] = output_steps[i];
    move.output_first += static_cast<std::size_t>(output_steps[i] * paddings[2 * i]);
  }
  auto moves = one_block(node, move);
  AIOT_TRY(moves.fill, padding_value(node, *t.output));
  moves.fill_bytes = t.output->bytes();
  return moves;
}

/// Each dimension has up to three parts: before the input, the input itself, and behind it; outside
/// they go backwards. Each combination of parts is one block.
Result<Moves> prepare_mirror_pad(const Node& node) {
  AIOT_TRY(const auto t, movable_in_and_out(node, 2, 2));
  AIOT_TRY(const auto paddings, paddings_of(node, t));
  const auto& extents = t.input->shape;
  const std::int32_t edge = node.options<MirrorPadOptions>().symmetric ? 0 : 1;
  const auto input_steps = dense_steps(*t.input);
  const auto output_steps = dense_steps(*t.output);
  kernel::Move whole;
  whole.unit_bytes = size_of(t.input->type);
  std::vector<kernel::Move> blocks = {whole};
  for (std::size_t i = 0; i < extents.size(); ++i) {
    const auto before = paddings[2 * i];
    const auto behind = paddings[2 * i + 1];
    const auto extent = extents[i];
    if (std::max(before, behind) > extent - edge) {
      return node.fail(Errc::bad_model, fmt::format("a padding of {} for an extent of {}",
                                                    std::max(before, behind), extent));
    }
    struct PartOf {
      std::int32_t count, first, output;
      int direction;
    };
    const PartOf parts[] = {{before, before + edge - 1, 0, -1},
                            {extent, 0, before, 1},
                            {behind, extent - 1 - edge, before + extent, -1}};
    const auto to = kernel::Move::rank - extents.size() + i;
    std::vector<kernel::Move> more;
    for (const auto& block : blocks) {
      for (const auto& part : parts) {
        if (part.count == 0) continue;
        auto& move = more.emplace_back(block);
        move.extent[to] = part.count;
        move.input_step[to] = input_steps[i] * part.direction;
        move.output_step[to] = output_steps[i];
        move.input_first += static_cast<std::size_t>(input_steps[i] * part.first);
        move.output_first += static_cast<std::size_t>(output_steps[i] * part.output);
      }
    }
    blocks = std::move(more);
  }
  Moves moves;
  for (const auto& block : blocks) {
    moves.blocks.push_back({block, node.input_index(0), node.output_index()});
  }
  return moves;
}

namespace {

/// Parts beside each other along one axis of a whole tensor: CONCATENATION, PACK, SPLIT, UNPACK.
class Joint {
 public:
  Joint(const Tensor& whole, std::size_t axis)
      : outer_(product(whole.shape, 0, axis)), whole_bytes_(whole.bytes() / outer_) {}

  /// The next part, from it into the whole (`join`) or the other way; false when it does not fit.
  bool add(const Tensor& part, std::int32_t input, std::int32_t output, bool join) {
    const auto part_bytes = part.bytes() / outer_;
    if (part_bytes > whole_bytes_ - offset_) return false;
    constexpr int last = kernel::Move::rank - 1;
    kernel::Move move;
    move.unit_bytes = part_bytes;
    move.extent[last] = static_cast<std::int32_t>(outer_);
    (join ? move.input_step : move.output_step)[last] = static_cast<std::ptrdiff_t>(part_bytes);
    (join ? move.output_step : move.input_step)[last] = static_cast<std::ptrdiff_t>(whole_bytes_);
    (join ? move.output_first : move.input_first) = offset_;
    moves_.blocks.push_back({move, input, output});
    offset_ += part_bytes;
    return true;
  }
  bool is_whole() const { return offset_ == whole_bytes_; }
  Moves take() && { return std::move(moves_); }

 private:
  std::size_t outer_, whole_bytes_;
  std::size_t offset_ = 0;  ///< of the next part in each run of the whole
  Moves moves_;
};

/// Shapes that differ along `axis` alone.
Result<void> expect_beside(const Node& node, const Tensor& part, const Tensor& whole,
                           std::size_t axis, const std::string& name) {
  auto shape = whole.shape;
  if (axis < part.shape.size() && part.shape.size() == shape.size()) shape[axis] = part.shape[axis];
  return expect_shape(node, part, shape, name);
}

/// SPLIT and SPLIT_V: the outputs are parts of input `position` along `axis`.
Result<Moves> split_along(const Node& node, std::size_t position, std::size_t axis) {
  AIOT_TRY(const auto* input, node.input(position));
  Joint joint(*input, axis);
  for (std::size_t i = 0; i < node.outputs(); ++i) {
    AIOT_TRY(const auto* part, node.output(i));
    AIOT_CHECK(expect_type(node, *part, input->type, node.output_name(i)));
    AIOT_CHECK(expect_beside(node, *part, *input, axis, node.output_name(i)));
    if (!joint.add(*part, node.input_index(position), node.output_index(i), false)) break;
    if (i + 1 == node.outputs() && joint.is_whole()) return std::move(joint).take();
  }
  return node.fail(Errc::bad_model,
                   fmt::format("its outputs do not make {}", shape_text(input->shape)));
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
  Joint joint(*output, axis);
  bool fits = true;
  for (std::size_t i = 0; i < node.inputs() && fits; ++i) {
    const auto name = node.input_name(i);
    AIOT_TRY(const auto* part, node.input(i));
    AIOT_CHECK(expect_type(node, *part, output->type, name));
    AIOT_CHECK(expect_beside(node, *part, *output, axis, name));
    if (output->type == Type::int8 &&
        (part->scale() != output->scale() || part->zero_point() != output->zero_point())) {
      return node.fail(Errc::unsupported_option,
                       fmt::format("{} has another scale than the output", name));
    }
    fits = joint.add(*part, node.input_index(i), node.output_index(), true);
  }
  if (!fits || !joint.is_whole()) {
    return node.fail(Errc::bad_model, fmt::format("its inputs do not make {}", shape_text(shape)));
  }
  return std::move(joint).take();
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
  const auto part_shape = without(output->shape, axis);
  Joint joint(*output, axis);
  for (std::size_t i = 0; i < node.inputs(); ++i) {
    AIOT_TRY(const auto* part, node.input(i));
    AIOT_CHECK(expect_type(node, *part, output->type, node.input_name(i)));
    AIOT_CHECK(expect_shape(node, *part, part_shape, node.input_name(i)));
    joint.add(*part, node.input_index(i), node.output_index(), true);
  }
  return std::move(joint).take();
}

Result<Moves> prepare_unpack(const Node& node) {
  AIOT_CHECK(node.expect(1, 1, node.outputs()));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_CHECK(expect_movable(node, *input, node.input_name(0)));
  const auto& options = node.options<PackOptions>();
  AIOT_TRY(const auto axis, checked_axis(node, options.axis, input->shape.size()));
  const auto count = static_cast<std::int32_t>(node.outputs());
  if (options.values_count != count || input->shape[axis] != count) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} outputs of {}", count, shape_text(input->shape)));
  }
  const auto part_shape = without(input->shape, axis);
  Joint joint(*input, axis);
  for (std::size_t i = 0; i < node.outputs(); ++i) {
    AIOT_TRY(const auto* part, node.output(i));
    AIOT_CHECK(expect_type(node, *part, input->type, node.output_name(i)));
    AIOT_CHECK(expect_shape(node, *part, part_shape, node.output_name(i)));
    joint.add(*part, node.input_index(0), node.output_index(i), false);
  }
  return std::move(joint).take();
}

Result<Moves> prepare_split(const Node& node) {
  const auto count = static_cast<std::size_t>(std::max(node.options<SplitOptions>().num_splits, 1));
  AIOT_CHECK(node.expect(2, 2, count));
  AIOT_TRY(const auto* input, node.input(1));
  AIOT_CHECK(expect_movable(node, *input, node.input_name(1)));
  AIOT_TRY(const auto axis, constant_axis(node, 0, input->shape.size()));
  const auto extent = static_cast<std::size_t>(input->shape[axis]);
  for (std::size_t i = 0; i < count; ++i) {
    AIOT_TRY(const auto* part, node.output(i));
    if (extent % count != 0 || part->shape.size() <= axis ||
        static_cast<std::size_t>(part->shape[axis]) != extent / count) {
      return node.fail(Errc::bad_model, fmt::format("{} in {} parts", extent, count));
    }
  }
  return split_along(node, 1, axis);
}

Result<Moves> prepare_split_v(const Node& node) {
  const auto count = static_cast<std::size_t>(std::max(node.options<SplitOptions>().num_splits, 1));
  AIOT_CHECK(node.expect(3, 3, count));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_CHECK(expect_movable(node, *input, node.input_name(0)));
  AIOT_TRY(const auto axis, constant_axis(node, 2, input->shape.size()));
  return split_along(node, 0, axis);  // input 1 repeats the outputs' extents
}

Result<Gather> prepare_gather(const Node& node) {
  AIOT_TRY(const auto t, movable_in_and_out(node, 2, 2));
  AIOT_TRY(const auto* positions, node.input(1));
  AIOT_CHECK(expect_type(node, *positions, Type::int32, node.input_name(1)));
  const auto& options = node.options<GatherOptions>();
  const auto& from = t.input->shape;
  const auto& at = positions->shape;
  AIOT_TRY(const auto axis, checked_axis(node, options.axis, from.size()));
  const auto signed_rank = static_cast<std::int64_t>(at.size());
  const auto batch = options.batch_dims < 0 ? options.batch_dims + signed_rank : options.batch_dims;
  const auto batches = static_cast<std::size_t>(batch);
  if (batch < 0 || batch > signed_rank || batches > axis ||
      !std::equal(from.begin(), from.begin() + batch, at.begin())) {
    return node.fail(Errc::bad_model, fmt::format("{} batch dimensions", options.batch_dims));
  }
  std::vector<std::int32_t> shape(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(axis));
  shape.insert(shape.end(), at.begin() + batch, at.end());
  shape.insert(shape.end(), from.begin() + static_cast<std::ptrdiff_t>(axis) + 1, from.end());
  AIOT_CHECK(expect_shape(node, *t.output, shape, node.output_name()));
  Gather gather;
  auto& s = gather.shape;
  s.batches = product(from, 0, batches);
  s.outer = product(from, batches, axis);
  s.count = product(at, batches, at.size());
  s.run_bytes = product(from, axis + 1, from.size()) * size_of(t.input->type);
  s.extent = from[axis];
  gather.input = node.input_index(0);
  gather.positions = node.input_index(1);
  gather.output = node.output_index();
  return gather;
}

Result<Fill> prepare_fill(const Node& node) {
  AIOT_CHECK(node.expect(2, 2));
  AIOT_TRY(const auto* value, node.input(1));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_movable(node, *output, node.output_name()));
  AIOT_CHECK(expect_type(node, *value, output->type, node.input_name(1)));
  AIOT_TRY(const auto shape, constant_integers(node, 0));
  AIOT_CHECK(expect_shape(node, *output, shape, node.output_name()));
  if (value->elements() != 1) return node.fail(Errc::bad_model, "with more than one value");
  return Fill{size_of(output->type), output->bytes(), node.input_index(1), node.output_index()};
}

Result<Cast> prepare_cast(const Node& node) {
  AIOT_CHECK(node.expect(1, 1));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_shape(node, *output, input->shape, node.output_name()));
  const auto is_number = [](Type type) {
    return type == Type::int8 || type == Type::int16 || type == Type::int32 ||
           type == Type::float32;
  };
  if ((!is_number(input->type) && input->type != Type::boolean) || !is_number(output->type)) {
    return node.fail(Errc::unsupported_option,
                     fmt::format("{} to {}", name_of(input->type), name_of(output->type)));
  }
  return Cast{input->type, output->type, input->elements(), node.input_index(0),
              node.output_index()};
}

Result<Resize> prepare_resize(const Node& node) {
  AIOT_TRY(const auto tensors, in_and_out(node, 2, 2));
  AIOT_TRY(const auto size, constant_integers(node, 1));
  if (size.size() != 2) return node.fail(Errc::bad_model, "a size that is not height and width");
  Resize resize;
  resize.bilinear = node.op().code == Code::resize_bilinear;
  resize.type = tensors.input->type;
  resize.input = node.input_index(0);
  resize.output = node.output_index();
  auto& s = resize.shape;
  AIOT_TRY(s.input, image_shape(node, *tensors.input, node.input_name(0)));
  s.output = {s.input.n, size[0], size[1], s.input.c};
  AIOT_CHECK(expect_shape(node, *tensors.output, {s.output.n, s.output.h, s.output.w, s.output.c},
                          node.output_name()));
  constexpr std::int32_t most = 1 << 15;  // keeps fixed point with 10 bits within 32
  if (std::max({s.input.h, s.input.w, s.output.h, s.output.w}) > most) {
    return node.fail(Errc::unsupported_option, "an image larger than 32768");
  }
  const auto& options = node.options<ResizeOptions>();
  s.align_corners = options.align_corners;
  s.half_pixel_centers = options.half_pixel_centers;
  if (resize.bilinear && s.align_corners && s.half_pixel_centers) {
    return node.fail(Errc::bad_model, "aligned corners and half pixel centers");
  }
  if (tensors.quantized()) {
    AIOT_CHECK(expect_same_quantization(node, *tensors.input, *tensors.output));
  }
  return resize;
}

Result<VariableAccess> prepare_variable(const Node& node) {
  const bool reads = node.op().code == Code::read_variable;
  AIOT_CHECK(node.expect(reads ? 1 : 2, reads ? 1 : 2, reads ? 1 : 0));
  AIOT_TRY(const auto* tensor, reads ? node.output() : node.input(1));
  const auto index = static_cast<std::size_t>(node.options<VariableOptions>().variable);
  const auto& variable = node.model().variables[index];
  if (tensor->bytes() == 0 || tensor->bytes() != variable.bytes) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} bytes for a variable of {}", tensor->bytes(), variable.bytes));
  }
  return VariableAccess{index, variable.bytes, reads ? node.output_index() : node.input_index(1)};
}

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
