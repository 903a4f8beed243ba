#include <fmt/format.h>

#include <algorithm>

#include "inference/prepare/prepare.hpp"

namespace aiot::inference {
namespace {

/// One dimension of a move.
struct Along {
  std::int32_t extent = 1;
  std::ptrdiff_t input_step = 0, output_step = 0;
};

kernel::Move move_along(std::size_t unit_bytes, const std::vector<Along>& dimensions) {
  kernel::Move move;
  move.unit_bytes = unit_bytes;
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    const auto to = kernel::Move::rank - dimensions.size() + i;
    move.extent[to] = dimensions[i].extent;
    move.input_step[to] = dimensions[i].input_step;
    move.output_step[to] = dimensions[i].output_step;
  }
  return move;
}

Result<InOut> same_type(const Node& node, std::size_t inputs) {
  AIOT_CHECK(node.expect(inputs, inputs));
  AIOT_TRY(const auto* input, node.input(0));
  AIOT_TRY(const auto* output, node.output());
  AIOT_CHECK(expect_movable(node, *input, node.input_name(0)));
  AIOT_CHECK(expect_type(node, *output, input->type, node.output_name()));
  return InOut{input, output};
}

Moves block_of(const Node& node, const kernel::Move& move) {
  Moves moves;
  moves.blocks.push_back({move, node.input_index(0), node.output_index()});
  return moves;
}

/// An image as [n][h][w][c]; without columns, [n][h][c].
Result<kernel::Shape> rows_and_columns(const Node& node, const Tensor& tensor,
                                       const std::string& name) {
  if (tensor.shape.size() != 3) return image_shape(node, tensor, name);
  return kernel::Shape{tensor.shape[0], tensor.shape[1], 1, tensor.shape[2]};
}

/// Between a space and its blocks: how large they are, and what lies around the space.
struct Blocks {
  std::int32_t h = 1, w = 1, top = 0, left = 0;
};

Result<Blocks> blocks_of(const Node& node, std::size_t rank) {
  AIOT_TRY(const auto block, constant_integers(node, 1));
  AIOT_TRY(const auto around, constant_integers(node, 2));
  constexpr std::int32_t most = 1 << 15;
  const auto sides = rank - 2;
  const auto is_bad = [](std::int32_t value) { return value < 0 || value > most; };
  if (block.size() != sides || around.size() != 2 * sides || std::ranges::any_of(around, is_bad) ||
      std::ranges::any_of(block, is_bad) || std::ranges::count(block, 0) != 0) {
    return node.fail(Errc::bad_model, fmt::format("blocks of {} with {} around", shape_text(block),
                                                  shape_text(around)));
  }
  if (sides == 1) return Blocks{block[0], 1, around[0], 0};
  return Blocks{block[0], block[1], around[0], around[2]};
}

/// Which indices `i` of `small` have i * block + shift - before within `large`.
struct Part {
  std::int32_t first = 0, count = 0, large_first = 0;
};
Part part_of(std::int32_t small, std::int32_t large, std::int32_t block, std::int32_t shift,
             std::int32_t before) {
  const auto offset = shift - before;
  const auto first = offset >= 0 ? 0 : (-offset + block - 1) / block;
  const auto behind =
      large - offset <= 0 ? 0 : std::min(small, (large - offset + block - 1) / block);
  if (behind <= first) return {};
  return {first, behind - first, first * block + offset};
}

/// SPACE_TO_BATCH_ND (`apart`), or back: each batch of the blocks is one part of the space.
Result<Moves> move_blocks(const Node& node, const InOut& t, bool apart) {
  const auto& space = apart ? *t.input : *t.output;
  const auto& blocks = apart ? *t.output : *t.input;
  AIOT_TRY(const auto large, rows_and_columns(node, space, apart ? "the input" : "the output"));
  AIOT_TRY(const auto small, rows_and_columns(node, blocks, apart ? "the output" : "the input"));
  AIOT_TRY(const auto b, blocks_of(node, space.shape.size()));
  const auto parts = static_cast<std::int64_t>(b.h) * b.w;
  if (space.shape.size() != blocks.shape.size() || large.c != small.c ||
      small.n != parts * large.n || parts > 4096) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} to {} with blocks of {}x{}", shape_text(t.input->shape),
                                 shape_text(t.output->shape), b.h, b.w));
  }
  const auto unit = static_cast<std::size_t>(large.c) * size_of(space.type);
  const auto pixel = static_cast<std::ptrdiff_t>(unit);
  Moves moves;
  const auto add = [&](std::int32_t y, std::int32_t x) {
    const auto rows = part_of(small.h, large.h, b.h, y, b.top);
    const auto columns = part_of(small.w, large.w, b.w, x, b.left);
    if (rows.count == 0 || columns.count == 0) return;
    const auto large_row = pixel * large.w;
    const auto small_row = pixel * small.w;
    auto move = move_along(unit, {{large.n, large_row * large.h, small_row * small.h},
                                  {rows.count, large_row * b.h, small_row},
                                  {columns.count, pixel * b.w, pixel}});
    move.input_first =
        static_cast<std::size_t>(rows.large_first * large_row + columns.large_first * pixel);
    move.output_first = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(y * b.w + x) *
                                                     large.n * small.h * small_row +
                                                 rows.first * small_row + columns.first * pixel);
    if (!apart) {
      std::swap(move.input_first, move.output_first);
      std::swap(move.input_step, move.output_step);
    }
    moves.blocks.push_back({move, node.input_index(0), node.output_index()});
  };
  for (std::int32_t y = 0; y < b.h; ++y) {
    for (std::int32_t x = 0; x < b.w; ++x) add(y, x);
  }
  if (moves.blocks.empty()) return node.fail(Errc::bad_model, "blocks that are all outside");
  moves.fill.assign(size_of(t.output->type), 0);
  if (apart && (t.output->type == Type::int8 || t.output->type == Type::uint8)) {
    moves.fill[0] = static_cast<std::uint8_t>(t.output->zero_point());
  }
  moves.fill_bytes = t.output->bytes();
  return moves;
}

}  // namespace

Result<Moves> prepare_slice(const Node& node) {
  AIOT_TRY(const auto t, same_type(node, 3));
  AIOT_TRY(const auto begin, constant_integers(node, 1));
  AIOT_TRY(const auto size, constant_integers(node, 2));
  const auto& extents = t.input->shape;
  if (begin.size() != extents.size() || size.size() != extents.size()) {
    return node.fail(Errc::bad_model, fmt::format("{} and {} bounds for {} dimensions",
                                                  begin.size(), size.size(), extents.size()));
  }
  std::vector<std::int32_t> shape;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    const auto rest = static_cast<std::int64_t>(extents[i]) - begin[i];
    const auto count = size[i] == -1 ? rest : size[i];
    if (begin[i] < 0 || count < 1 || count > rest) {
      return node.fail(Errc::bad_model,
                       fmt::format("{} from {} of {}", size[i], begin[i], extents[i]));
    }
    shape.push_back(static_cast<std::int32_t>(count));
  }
  AIOT_CHECK(expect_shape(node, *t.output, shape, node.output_name()));
  const auto from = dense_steps(*t.input);
  const auto to = dense_steps(*t.output);
  std::vector<Along> along;
  std::ptrdiff_t first = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    along.push_back({shape[i], from[i], to[i]});
    first += from[i] * begin[i];
  }
  auto move = move_along(size_of(t.input->type), along);
  move.input_first = static_cast<std::size_t>(first);
  return block_of(node, move);
}

Result<Moves> prepare_space_and_depth(const Node& node) {
  AIOT_TRY(const auto t, same_type(node, 1));
  const bool to_depth = node.op().code == Code::space_to_depth;
  AIOT_TRY(const auto input, image_shape(node, *t.input, node.input_name(0)));
  AIOT_TRY(const auto output, image_shape(node, *t.output, node.output_name()));
  const auto& wide = to_depth ? input : output;
  const auto& deep = to_depth ? output : input;
  const auto block = node.options<BlockOptions>().size;
  if (block < 1 || block > (1 << 15) || wide.n != deep.n ||
      static_cast<std::int64_t>(deep.h) * block != wide.h ||
      static_cast<std::int64_t>(deep.w) * block != wide.w ||
      static_cast<std::int64_t>(wide.c) * block * block != deep.c) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} to {} with blocks of {}", shape_text(t.input->shape),
                                 shape_text(t.output->shape), block));
  }
  const auto unit = size_of(t.input->type) * static_cast<std::size_t>(wide.c);
  const auto pixel = static_cast<std::ptrdiff_t>(unit);
  const auto wide_row = pixel * wide.w;
  const auto deep_pixel = pixel * block * block;
  const auto deep_row = deep_pixel * deep.w;
  std::vector<Along> along = {{wide.n, wide_row * wide.h, deep_row * deep.h},
                              {deep.h, wide_row * block, deep_row},
                              {block, wide_row, pixel * block},
                              {deep.w, pixel * block, deep_pixel},
                              {block, pixel, pixel}};
  if (!to_depth) {
    for (auto& one : along) std::swap(one.input_step, one.output_step);
  }
  return block_of(node, move_along(unit, along));
}

Result<Moves> prepare_space_to_batch(const Node& node) {
  AIOT_TRY(const auto t, same_type(node, 3));
  return move_blocks(node, t, true);
}

Result<Moves> prepare_batch_to_space(const Node& node) {
  AIOT_TRY(const auto t, same_type(node, 3));
  return move_blocks(node, t, false);
}

Result<Moves> prepare_broadcast_to(const Node& node) {
  AIOT_TRY(const auto t, same_type(node, 2));
  AIOT_TRY(const auto shape, constant_integers(node, 1));
  AIOT_CHECK(expect_shape(node, *t.output, shape, node.output_name()));
  const auto& extents = t.input->shape;
  if (extents.size() > shape.size()) {
    return node.fail(Errc::bad_model,
                     fmt::format("{} to {}", shape_text(extents), shape_text(shape)));
  }
  const auto more = shape.size() - extents.size();
  const auto from = dense_steps(*t.input);
  const auto to = dense_steps(*t.output);
  std::vector<Along> along;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto extent = i < more ? 1 : extents[i - more];
    if (extent != 1 && extent != shape[i]) {
      return node.fail(Errc::bad_model,
                       fmt::format("{} to {}", shape_text(extents), shape_text(shape)));
    }
    along.push_back({shape[i], extent == 1 ? 0 : from[i - more], to[i]});
  }
  return block_of(node, move_along(size_of(t.input->type), along));
}

Result<Moves> prepare_reverse(const Node& node) {
  AIOT_TRY(const auto t, same_type(node, 2));
  AIOT_TRY(const auto axes, constant_integers(node, 1));
  const auto& extents = t.input->shape;
  AIOT_CHECK(expect_shape(node, *t.output, extents, node.output_name()));
  std::vector<bool> reversed(extents.size());
  for (const auto axis : axes) {
    AIOT_TRY(const auto at, checked_axis(node, axis, extents.size()));
    reversed[at] = true;
  }
  const auto steps = dense_steps(*t.input);
  std::vector<Along> along;
  std::ptrdiff_t first = 0;
  for (std::size_t i = 0; i < extents.size(); ++i) {
    along.push_back({extents[i], reversed[i] ? -steps[i] : steps[i], steps[i]});
    if (reversed[i]) first += steps[i] * (extents[i] - 1);
  }
  auto move = move_along(size_of(t.input->type), along);
  move.input_first = static_cast<std::size_t>(first);
  return block_of(node, move);
}

Result<Moves> prepare_zeros_like(const Node& node) {
  AIOT_TRY(const auto t, same_type(node, 1));
  AIOT_CHECK(expect_shape(node, *t.output, t.input->shape, node.output_name()));
  auto moves = block_of(node, move_along(1, {{0, 0, 0}}));
  moves.fill.assign(1, 0);
  moves.fill_bytes = t.output->bytes();
  return moves;
}

}  // namespace aiot::inference
