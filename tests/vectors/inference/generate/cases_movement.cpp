#include <algorithm>
#include <numeric>

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

std::int32_t any_axis(Random& r, std::size_t rank) {
  const auto signed_rank = static_cast<std::int32_t>(rank);
  return r.between(r.chance(30) ? -signed_rank : 0, signed_rank - 1);
}
std::size_t positive(std::int32_t axis, std::size_t rank) {
  return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int32_t>(rank) : axis);
}

Bytes reshape(Random& r, Type type) {
  OneOperator op(r, Code::reshape);
  const auto shape = any_shape(r, 2, 4);
  const Shape out = {static_cast<std::int32_t>(elements(shape)) / shape[0], shape[0]};
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  op.constant_integers({-1, shape[0]});
  op.output(type, out, q);
  return op.file(NoOptions{});
}

Bytes squeeze(Random& r, Type type) {
  OneOperator op(r, Code::squeeze);
  // Without options, each dimension of 1 goes.
  Shape shape;
  Shape out;
  for (auto rank = r.between(2, 4); rank > 0; --rank) {
    shape.push_back(r.chance(40) ? 1 : r.between(2, 5));
    if (shape.back() != 1) out.push_back(shape.back());
  }
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  op.output(type, out, q);
  return op.file(NoOptions{});
}

Bytes expand_dims(Random& r, Type type) {
  OneOperator op(r, Code::expand_dims);
  const auto shape = any_shape(r, 1, 3);
  const auto axis = r.between(0, static_cast<std::int32_t>(shape.size()));
  auto out = shape;
  out.insert(out.begin() + axis, 1);
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  op.constant_integers({axis});
  op.output(type, out, q);
  return op.file(NoOptions{});
}

Bytes pad_with(Random& r, Type type, Code code) {
  OneOperator op(r, code);
  const auto shape = any_shape(r, 1, 4);
  std::vector<std::int32_t> paddings;
  auto out = shape;
  for (auto& extent : out) {
    const auto before = r.between(0, 3);
    const auto after = r.between(0, 3);
    paddings.insert(paddings.end(), {before, after});
    extent += before + after;
  }
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  Bytes data;
  for (const auto value : paddings) aiot::append_le32(data, static_cast<std::uint32_t>(value));
  op.constant(Type::int32, {static_cast<std::int32_t>(shape.size()), 2}, {}, data);
  if (code == Code::padv2) op.constant(type, {1}, q, op.values(type, 1));
  op.output(type, out, q);
  return op.file(NoOptions{});
}
Bytes pad(Random& r, Type type) { return pad_with(r, type, Code::pad); }
Bytes padv2(Random& r, Type type) { return pad_with(r, type, Code::padv2); }

Bytes concatenation(Random& r, Type type) {
  OneOperator op(r, Code::concatenation);
  auto shape = any_shape(r, 1, 4);
  const auto rank = shape.size();
  const auto axis = any_axis(r, rank);
  const auto at = positive(axis, rank);
  const auto q = op.quantization(0.01F, 1);
  std::int32_t whole = 0;
  for (auto parts = r.between(1, 4); parts > 0; --parts) {
    shape[at] = r.between(1, 4);
    whole += shape[at];
    op.input(type, shape, q);
  }
  shape[at] = whole;
  op.output(type, shape, q);
  return op.file(ConcatenationOptions{axis, Activation::none});
}

Bytes pack(Random& r, Type type) {
  OneOperator op(r, Code::pack);
  auto shape = any_shape(r, 1, 3);
  const auto count = r.between(1, 4);
  const auto axis = any_axis(r, shape.size() + 1);
  const auto q = op.quantization(0.01F, 1);
  for (std::int32_t i = 0; i < count; ++i) op.input(type, shape, q);
  const auto at = positive(axis, shape.size() + 1);
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(at), count);
  op.output(type, shape, q);
  return op.file(PackOptions{count, axis});
}

Bytes split(Random& r, Type type) {
  OneOperator op(r, Code::split);
  auto shape = any_shape(r, 1, 4);
  const auto count = r.between(1, 4);
  const auto axis = any_axis(r, shape.size());
  const auto part = shape;
  shape[positive(axis, shape.size())] *= count;
  const auto q = op.quantization(0.01F, 1);
  op.constant_integers({axis});
  op.input(type, shape, q);
  for (std::int32_t i = 0; i < count; ++i) op.output(type, part, q);
  return op.file(SplitOptions{count});
}

Bytes split_v(Random& r, Type type) {
  OneOperator op(r, Code::split_v);
  auto shape = any_shape(r, 1, 4);
  const auto axis = any_axis(r, shape.size());
  const auto at = positive(axis, shape.size());
  std::vector<std::int32_t> extents(static_cast<std::size_t>(r.between(1, 4)));
  for (auto& extent : extents) extent = r.between(1, 4);
  shape[at] = std::accumulate(extents.begin(), extents.end(), 0);
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  op.constant_integers(extents);
  op.constant_integers({axis});
  for (const auto extent : extents) {
    shape[at] = extent;
    op.output(type, shape, q);
  }
  return op.file(SplitOptions{static_cast<std::int32_t>(extents.size())});
}

Bytes unpack(Random& r, Type type) {
  OneOperator op(r, Code::unpack);
  auto shape = any_shape(r, 2, 4);
  const auto axis = any_axis(r, shape.size());
  const auto at = positive(axis, shape.size());
  const auto count = shape[at];
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(at));
  for (std::int32_t i = 0; i < count; ++i) op.output(type, shape, q);
  return op.file(PackOptions{count, axis});
}

Bytes mirror_pad(Random& r, Type type) {
  OneOperator op(r, Code::mirror_pad);
  const auto shape = any_shape(r, 1, 4);
  const MirrorPadOptions o{r.chance(50)};
  std::vector<std::int32_t> paddings;
  auto out = shape;
  for (auto& extent : out) {
    const auto most = extent - (o.symmetric ? 0 : 1);
    const auto before = r.between(0, most);
    const auto behind = r.between(0, most);
    paddings.insert(paddings.end(), {before, behind});
    extent += before + behind;
  }
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  Bytes data;
  for (const auto value : paddings) aiot::append_le32(data, static_cast<std::uint32_t>(value));
  op.constant(Type::int32, {static_cast<std::int32_t>(shape.size()), 2}, {}, data);
  op.output(type, out, q);
  return op.file(o);
}

Bytes gather(Random& r, Type type) {
  OneOperator op(r, Code::gather);
  const auto shape = any_shape(r, 1, 4);
  const auto rank = shape.size();
  GatherOptions o;
  o.axis = any_axis(r, rank);
  const auto at = positive(o.axis, rank);
  auto positions = any_shape(r, 1, 2);
  if (at > 0 && r.chance(30)) {
    o.batch_dims = 1;
    positions[0] = shape[0];
  }
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  Bytes data;
  for (std::size_t i = 0; i < elements(positions); ++i) {
    aiot::append_le32(data, static_cast<std::uint32_t>(r.between(0, shape[at] - 1)));
  }
  op.constant(Type::int32, positions, {}, data);
  Shape out(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(at));
  out.insert(out.end(), positions.begin() + o.batch_dims, positions.end());
  out.insert(out.end(), shape.begin() + static_cast<std::ptrdiff_t>(at) + 1, shape.end());
  op.output(type, out, q);
  return op.file(o);
}

Bytes fill(Random& r, Type type) {
  OneOperator op(r, Code::fill);
  const auto shape = any_shape(r, 1, 4);
  const auto q = op.quantization(0.01F, 1);
  op.constant_integers(shape);
  op.input(type, {}, q);
  op.output(type, shape, q);
  return op.file(NoOptions{});
}

Bytes transpose(Random& r, Type type) {
  OneOperator op(r, Code::transpose);
  const auto shape = any_shape(r, 2, 5);
  std::vector<std::int32_t> order(shape.size());
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i-- > 1;) {
    std::swap(order[i],
              order[static_cast<std::size_t>(r.between(0, static_cast<std::int32_t>(i)))]);
  }
  Shape out;
  for (const auto from : order) out.push_back(shape[static_cast<std::size_t>(from)]);
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  op.constant_integers(order);
  op.output(type, out, q);
  return op.file(NoOptions{});
}

Bytes strided_slice(Random& r, Type type) {
  OneOperator op(r, Code::strided_slice);
  Shape shape;
  for (auto rank = r.between(1, 4); rank > 0; --rank) shape.push_back(r.between(2, 6));
  StridedSliceOptions o;
  std::vector<std::int32_t> begin;
  std::vector<std::int32_t> end;
  std::vector<std::int32_t> strides;
  Shape out;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto extent = shape[i];
    const auto bit = 1 << i;
    const auto stride = r.chance(70) ? r.between(1, 3) : -r.between(1, 3);
    auto first = r.between(0, extent - 1);
    const auto count =
        r.between(1, (stride > 0 ? extent - 1 - first : first) / std::abs(stride) + 1);
    auto last = first + (count - 1) * stride + (stride > 0 ? 1 : -1);  // one beyond
    auto taken = count;
    if (r.chance(20)) {
      o.begin_mask |= bit;
      first = stride > 0 ? 0 : extent - 1;
    }
    // "One before the first" can be said by the mask alone: -1 is the last value.
    if (r.chance(20) || last < 0) {
      o.end_mask |= bit;
      last = stride > 0 ? extent : -1;
    }
    taken =
        stride > 0 ? (last - first + stride - 1) / stride : (first - last - stride - 1) / -stride;
    const bool shrink = r.chance(20) && i + 1 < shape.size();
    if (taken < 1) {  // the mask moved the beginning past the end
      o.begin_mask &= ~bit;
      o.end_mask |= bit;
      first = stride > 0 ? 0 : extent - 1;
      taken = (extent + std::abs(stride) - 1) / std::abs(stride);
    }
    if (shrink) {
      o.shrink_axis_mask |= bit;
    } else {
      out.push_back(taken);
    }
    begin.push_back(r.chance(30) ? first - extent : first);
    end.push_back(last);
    strides.push_back(shrink ? 1 : stride);
    if (shrink && (o.begin_mask & bit) != 0) o.begin_mask &= ~bit;
  }
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  op.constant_integers(begin);
  op.constant_integers(end);
  op.constant_integers(strides);
  op.output(type, out, q);
  return op.file(o);
}

Bytes resize(Random& r, Type type, Code code) {
  OneOperator op(r, code);
  const auto corners = r.between(0, 2);
  const ResizeOptions o{corners == 1, corners == 2};
  const auto n = r.chance(20) ? 2 : 1;
  const auto channels = r.between(1, 4);
  const auto h = r.between(1, 7);
  const auto w = r.between(1, 7);
  const auto out_h = r.between(1, 14);
  const auto out_w = r.between(1, 14);
  const auto q = op.quantization(0.01F, 1);
  op.input(type, {n, h, w, channels}, q);
  op.constant_integers({out_h, out_w});
  op.output(type, {n, out_h, out_w, channels}, q);
  return op.file(o);
}
Bytes resize_bilinear(Random& r, Type type) { return resize(r, type, Code::resize_bilinear); }
Bytes resize_nearest(Random& r, Type type) {
  return resize(r, type, Code::resize_nearest_neighbor);
}

Bytes shape_of(Random& r, Type type) {
  OneOperator op(r, Code::shape);
  const auto shape = any_shape(r, 1, 4);
  op.input(type, shape, op.quantization(0.01F, 1));
  op.output(Type::int32, {static_cast<std::int32_t>(shape.size())}, {});
  return op.file(NoOptions{});
}

Bytes slice(Random& r, Type type) {
  OneOperator op(r, Code::slice);
  const auto shape = any_shape(r, 1, 5);
  std::vector<std::int32_t> begin;
  std::vector<std::int32_t> size;
  Shape out;
  for (const auto extent : shape) {
    begin.push_back(r.between(0, extent - 1));
    out.push_back(r.between(1, extent - begin.back()));
    const bool rest = r.chance(20);
    if (rest) out.back() = extent - begin.back();
    size.push_back(rest ? -1 : out.back());
  }
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  op.constant_integers(begin);
  op.constant_integers(size);
  op.output(type, out, q);
  return op.file(NoOptions{});
}

Bytes space_and_depth(Random& r, Type type) {
  const bool to_depth = r.chance(50);
  OneOperator op(r, to_depth ? Code::space_to_depth : Code::depth_to_space);
  const auto block = r.between(1, 3);
  const auto n = r.between(1, 2);
  const auto h = r.between(1, 4);
  const auto w = r.between(1, 4);
  const auto c = r.between(1, 5);
  const Shape wide = {n, h * block, w * block, c};
  const Shape deep = {n, h, w, c * block * block};
  const auto q = op.quantization(0.01F, 1);
  op.input(type, to_depth ? wide : deep, q);
  op.output(type, to_depth ? deep : wide, q);
  return op.file(BlockOptions{block});
}

/// Both ways; around the space lies what is not 0 in TensorFlow Lite alone, so zero points are 0.
Bytes space_and_batch(Random& r, Type type) {
  const bool apart = r.chance(50);
  OneOperator op(r, apart ? Code::space_to_batch_nd : Code::batch_to_space_nd);
  const int sides = r.chance(25) ? 1 : 2;
  const auto n = r.between(1, 2);
  Shape space = {n};
  Shape blocks = {n};
  std::vector<std::int32_t> block;
  Bytes around;
  for (int i = 0; i < sides; ++i) {
    const auto size = r.between(1, 3);
    const auto small = r.between(1, 4);
    const auto before = r.between(0, std::min(2, size * small - 1));
    const auto behind = r.between(0, std::min(2, size * small - 1 - before));
    block.push_back(size);
    blocks[0] *= size;
    blocks.push_back(small);
    space.push_back(size * small - before - behind);
    aiot::append_le32(around, static_cast<std::uint32_t>(before));
    aiot::append_le32(around, static_cast<std::uint32_t>(behind));
  }
  const auto c = r.between(1, 5);
  space.push_back(c);
  blocks.push_back(c);
  const Quantization q = {{0.1F}, {0}, 0};
  op.input(type, apart ? space : blocks, q);
  op.constant_integers(block);
  op.constant(Type::int32, {sides, 2}, {}, around);
  op.output(type, apart ? blocks : space, q);
  return op.file(NoOptions{});
}

Bytes broadcast_to(Random& r, Type type) {
  OneOperator op(r, Code::broadcast_to);
  const auto out = any_shape(r, 1, 5);
  Shape shape = out;
  for (auto& extent : shape) {
    if (r.chance(50)) extent = 1;
  }
  shape.erase(shape.begin(), shape.begin() + r.between(0, static_cast<int>(shape.size()) - 1));
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  op.constant_integers(out);
  op.output(type, out, q);
  return op.file(NoOptions{});
}

/// The reference wants axes side by side.
Bytes reverse(Random& r, Type type) {
  OneOperator op(r, Code::reverse_v2);
  const auto shape = any_shape(r, 1, 4);
  const auto rank = static_cast<std::int32_t>(shape.size());
  const auto first = r.between(0, rank - 1);
  std::vector<std::int32_t> axes;
  for (auto axis = first; axis <= r.between(first, rank - 1); ++axis) {
    axes.push_back(r.chance(30) ? axis - rank : axis);
  }
  if (axes.empty()) axes.push_back(first);
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  op.constant_integers(axes);
  op.output(type, shape, q);
  return op.file(NoOptions{});
}

Bytes zeros_like(Random& r, Type type) {
  OneOperator op(r, Code::zeros_like);
  const auto shape = any_shape(r, 1, 4);
  const auto q = op.quantization(0.01F, 1);
  op.input(type, shape, q);
  op.output(type, shape, q);
  return op.file(NoOptions{});
}

constexpr Maker makers[] = {{"mirror_pad", mirror_pad},
                            {"gather", gather},
                            {"fill", fill},
                            {"reshape", reshape},
                            {"squeeze", squeeze},
                            {"expand_dims", expand_dims},
                            {"pad", pad},
                            {"padv2", padv2},
                            {"concatenation", concatenation},
                            {"pack", pack},
                            {"unpack", unpack},
                            {"split", split},
                            {"split_v", split_v},
                            {"transpose", transpose},
                            {"strided_slice", strided_slice},
                            {"resize_bilinear", resize_bilinear},
                            {"resize_nearest_neighbor", resize_nearest},
                            {"shape", shape_of},
                            {"slice", slice},
                            {"space_and_depth", space_and_depth},
                            {"space_and_batch", space_and_batch},
                            {"broadcast_to", broadcast_to},
                            {"reverse", reverse},
                            {"zeros_like", zeros_like}};

}  // namespace

std::span<const Maker> movement_makers() { return makers; }

}  // namespace vectors
