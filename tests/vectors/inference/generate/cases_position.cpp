#include <array>

#include "cases.hpp"

namespace vectors {
namespace {

using namespace aiot::inference;

Shape any_shape(Random& r, std::int32_t least_rank, std::int32_t most_rank) {
  Shape shape;
  for (auto rank = r.between(least_rank, most_rank); rank > 0; --rank) {
    shape.push_back(r.between(1, 5));
  }
  return shape;
}

Bytes gather_nd(Random& r, Type type) {
  OneOperator op(r, Code::gather_nd);
  const auto shape = any_shape(r, 1, 5);
  const auto depth = r.between(1, static_cast<std::int32_t>(shape.size()));
  auto positions = any_shape(r, 0, 2);
  auto out = positions;
  out.insert(out.end(), shape.begin() + depth, shape.end());
  Bytes data;
  for (std::size_t i = 0; i < elements(positions); ++i) {
    for (std::int32_t d = 0; d < depth; ++d) {
      const auto extent = shape[static_cast<std::size_t>(d)];
      aiot::append_le32(data, static_cast<std::uint32_t>(r.between(0, extent - 1)));
    }
  }
  positions.push_back(depth);
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  op.constant(Type::int32, positions, {}, data);
  op.output(type, out, q);
  return op.file(NoOptions{});
}

/// Of int8 half of them to float32.
Bytes embedding_lookup(Random& r, Type type) {
  OneOperator op(r, Code::embedding_lookup);
  const auto table = any_shape(r, 2, 4);
  const auto to = type == Type::int8 && r.chance(50) ? Type::float32 : type;
  const auto count = r.between(1, 8);
  std::vector<std::int32_t> rows;
  for (auto i = 0; i < count; ++i) rows.push_back(r.between(0, table[0] - 1));
  auto q = op.quantization(0.001F, 1);
  if (to != type) q.zero_points[0] = 0;
  op.constant_integers(rows);
  op.input(type, table, q);
  auto out = table;
  out[0] = count;
  op.output(to, out, q);
  return op.file(NoOptions{});
}

/// Positions before and behind the tensor too.
Bytes dynamic_update_slice(Random& r, Type type) {
  OneOperator op(r, Code::dynamic_update_slice);
  const auto shape = any_shape(r, 1, 5);
  if (type == Type::int8 && r.chance(30)) type = r.chance(50) ? Type::int16 : Type::int32;
  Shape update;
  for (const auto extent : shape) update.push_back(r.between(1, extent));
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  op.input(type, update, q);
  const auto rank = static_cast<std::int32_t>(shape.size());
  if (r.chance(15)) {
    op.input(r.chance(50) ? Type::int32 : Type::int64, {rank}, {});
  } else if (r.chance(30)) {
    Bytes data;
    for (const auto extent : shape) {
      const auto at = r.between(-2, extent + 1);
      aiot::append_le32(data, static_cast<std::uint32_t>(at));
      aiot::append_le32(data, at < 0 ? 0xffffffffU : 0);
    }
    op.constant(Type::int64, {rank}, {}, data);
  } else {
    std::vector<std::int32_t> at;
    for (const auto extent : shape) at.push_back(r.between(-2, extent + 1));
    op.constant_integers(at);
  }
  op.output(type, shape, q);
  return op.file(NoOptions{});
}

Bytes select_v2(Random& r, Type type) {
  OneOperator op(r, Code::select_v2);
  if (type == Type::int8 && r.chance(30)) type = Type::int16;
  const auto out = any_shape(r, 1, 5);
  std::array<Shape, 3> shapes = {out, out, out};
  if (r.chance(70)) {
    const auto whole = static_cast<std::size_t>(r.between(0, 2));  // the others may be repeated
    for (std::size_t i = 0; i < 3; ++i) {
      if (i == whole) continue;
      for (auto& extent : shapes[i]) {
        if (r.chance(40)) extent = 1;
      }
      shapes[i].erase(shapes[i].begin(),
                      shapes[i].begin() + r.between(0, static_cast<int>(out.size()) - 1));
    }
  }
  const auto q = op.quantization(0.01F, 1);
  op.input(Type::boolean, shapes[0], {});
  op.input(type, shapes[1], q);
  if (r.chance(30)) {
    op.constant(type, shapes[2], q, op.values(type, elements(shapes[2])));
  } else {
    op.input(type, shapes[2], q);
  }
  op.output(type, out, q);
  return op.file(NoOptions{});
}

Bytes broadcast_args(Random& r, Type /*type*/) {
  OneOperator op(r, Code::broadcast_args);
  const auto out = any_shape(r, 1, 6);
  const auto type = r.chance(50) ? Type::int32 : Type::int64;
  const bool first = r.chance(50);
  for (int i = 0; i < 2; ++i) {
    auto shape = out;
    for (auto& extent : shape) {
      if (r.chance(30)) extent = 1;
    }
    if ((i == 0) == first) {
      shape.erase(shape.begin(), shape.begin() + r.between(0, static_cast<int>(out.size()) - 1));
    }
    Bytes data;
    for (const auto extent : shape) {
      aiot::append_le32(data, static_cast<std::uint32_t>(extent));
      if (type == Type::int64) aiot::append_le32(data, 0);
    }
    op.constant(type, {static_cast<std::int32_t>(shape.size())}, {}, data);
  }
  op.unread();
  op.output(type, {static_cast<std::int32_t>(out.size())}, {});
  return op.file(NoOptions{});
}

constexpr Maker makers[] = {{"gather_nd", gather_nd},
                            {"embedding_lookup", embedding_lookup},
                            {"dynamic_update_slice", dynamic_update_slice},
                            {"select_v2", select_v2},
                            {"broadcast_args", broadcast_args, true}};

}  // namespace

std::span<const Maker> position_makers() { return makers; }

}  // namespace vectors
