#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "inference/fast/pack.hpp"

namespace aiot::inference::fast {
namespace {

/// The weights of a block of channels for four elements of the input.
using Quad = std::vector<std::int8_t>;

/// What the positive weights come to, and the negative ones: times 255 it has to fit in 16 bits.
struct Reach {
  std::int32_t up = 0, down = 0;

  void add(const std::int8_t* pair) {
    for (const std::int32_t w : {pair[0], pair[1]}) (w > 0 ? up : down) += std::abs(w);
  }
  bool fits() const { return up <= 128 && down <= 128; }
};

bool fits(const std::int8_t* pair) {
  Reach reach;
  reach.add(pair);
  return reach.fits();
}

/// A block's quads, in groups that fit, and what was taken out of them.
struct GroupedBlock {
  std::vector<Quad> quads;
  std::vector<std::vector<Quad>> extra;  ///< by quad

  GroupedBlock(std::vector<Quad> all, std::size_t group) : quads(std::move(all)) {
    const auto size = quads[0].size();
    extra.resize(quads.size());
    for (std::size_t q = 0; q < quads.size(); q += group) {
      for (std::size_t pair = 0; pair < size; pair += 2) fit(q, q + group, pair);
    }
  }

  std::size_t extras() const {
    std::size_t count = 0;
    for (const auto& of_quad : extra) count += of_quad.size();
    return count;
  }

 private:
  void fit(std::size_t begin, std::size_t end, std::size_t pair) {
    for (auto q = begin; q < end; ++q) {
      auto* w = &quads[q][pair];
      if (fits(w)) continue;
      const std::array half = {static_cast<std::int8_t>(w[0] / 2),
                               static_cast<std::int8_t>(w[1] / 2)};
      take_out(q, pair, static_cast<std::int8_t>(w[0] - half[0]),
               static_cast<std::int8_t>(w[1] - half[1]));
      w[0] = half[0];
      w[1] = half[1];
    }
    for (;;) {
      Reach reach;
      for (auto q = begin; q < end; ++q) reach.add(&quads[q][pair]);
      if (reach.fits()) return;
      const auto size = [pair](const Quad& q) { return std::abs(q[pair]) + std::abs(q[pair + 1]); };
      const auto largest =
          std::max_element(quads.begin() + static_cast<std::ptrdiff_t>(begin),
                           quads.begin() + static_cast<std::ptrdiff_t>(end),
                           [&](const Quad& a, const Quad& b) { return size(a) < size(b); });
      auto* w = &(*largest)[pair];
      take_out(static_cast<std::size_t>(largest - quads.begin()), pair, w[0], w[1]);
      w[0] = w[1] = 0;
    }
  }

  /// To the first extra quad that has room for it.
  void take_out(std::size_t quad, std::size_t pair, std::int8_t a, std::int8_t b) {
    auto& all = extra[quad];
    auto to = std::find_if(all.begin(), all.end(),
                           [pair](const Quad& q) { return q[pair] == 0 && q[pair + 1] == 0; });
    if (to == all.end()) to = all.emplace(all.end(), quads[quad].size());
    (*to)[pair] = a;
    (*to)[pair + 1] = b;
  }
};

/// Blocks in groups of `group`, and what they cost, in instructions for a vector of weights.
struct Grouped {
  std::int32_t group = 1;
  std::vector<GroupedBlock> blocks;
  double cost = 0;

  Grouped(const std::vector<std::vector<Quad>>& all, std::int32_t of) : group(of) {
    // A quad is multiplied and added, a group widened besides. An extra quad is a group of one, in
    // a loop whose end is hard to foresee.
    const double of_quad = 2 + 1.0 / group;
    constexpr double of_extra = 8;
    for (const auto& quads : all) {
      const auto& block = blocks.emplace_back(quads, static_cast<std::size_t>(group));
      cost += of_quad * static_cast<double>(block.quads.size()) +
              of_extra * static_cast<double>(block.extras());
    }
  }
};

Grouped grouped(const std::vector<std::vector<Quad>>& blocks) {
  Grouped best(blocks, 1);
  for (const std::int32_t group : {2, 4}) {
    Grouped other(blocks, group);
    if (other.cost < best.cost) best = std::move(other);
  }
  return best;
}

/// Of a quad, on average: what it costs Kernels::convolution, with twice as many bytes of weights.
constexpr double most_cost = 5;

void copy(const Quad& quad, std::int8_t*& to) { to = std::copy(quad.begin(), quad.end(), to); }

}  // namespace

std::optional<PackedDense> pack_dense(const Kernels& kernels, const kernel::MatrixShape& shape,
                                      const kernel::Requantize& quantized,
                                      const std::int8_t* weights, const std::int32_t* bias) {
  if (kernels.dense == nullptr || shape.rows != 1) return std::nullopt;
  const auto weight = [&](std::int32_t o, std::int32_t k) {
    return weights[static_cast<std::size_t>(o) * shape.depth + k];
  };
  auto sums = channels_of(shape.outputs, shape.depth, bias, quantized.input_offset, weight);
  settle(sums, quantized);
  if (some_apart(sums)) return std::nullopt;
  // The input is raised to uint8, and these weights are not doubled.
  Kernels raised = kernels;
  raised.element = Element::raised;
  const Order order(kernels, shape.outputs, false);
  auto scaling = pack_scaling(raised, order, quantized, sums, 1);
  if (!scaling) return std::nullopt;

  const std::int32_t block = block_of(kernels);
  std::vector<std::vector<Quad>> quads(
      blocks_of(kernels, shape.outputs),
      std::vector<Quad>((shape.depth + 15) / 16 * 4, Quad(static_cast<std::size_t>(block) * 4)));
  for (std::int32_t o = 0; o < shape.outputs; ++o) {
    if (sums[o].constant) continue;
    const std::int32_t lane = order.place(o) - o / block * block;
    for (std::int32_t k = 0; k < shape.depth; ++k) {
      quads[o / block][k / 4][lane * 4 + k % 4] = weight(o, k);
    }
  }
  const auto best = grouped(quads);
  if (best.cost > most_cost * static_cast<double>(quads.size() * quads[0].size())) {
    return std::nullopt;
  }

  PackedDense p;
  for (const auto& b : best.blocks) {
    for (std::size_t q = 0; q < b.extra.size(); ++q) {
      p.extra_quads.insert(p.extra_quads.end(), b.extra[q].size(), static_cast<std::int32_t>(q));
    }
    p.extra_ends.push_back(static_cast<std::int32_t>(p.extra_quads.size()));
  }
  const auto bytes_of_quad = static_cast<std::size_t>(block) * 4;
  p.weights = Buffer(best.blocks.size() * best.blocks[0].quads.size() * bytes_of_quad);
  p.extra_weights = Buffer(p.extra_quads.size() * bytes_of_quad);
  auto* to = p.weights.as<std::int8_t>();
  auto* extra_to = p.extra_weights.as<std::int8_t>();
  for (const auto& b : best.blocks) {
    for (const auto& quad : b.quads) copy(quad, to);
    for (const auto& of_quad : b.extra) {
      for (const auto& quad : of_quad) copy(quad, extra_to);
    }
  }
  p.scaling = std::move(*scaling);
  p.scaling.scaling.offset = quantized.output_offset;
  p.scaling.scaling.lowest = quantized.range.low;
  p.scaling.scaling.highest = quantized.range.high;
  p.task.weights = p.weights.as<std::int8_t>();
  p.task.quads = static_cast<std::int32_t>(best.blocks[0].quads.size());
  p.task.group = best.group;
  p.task.extra_weights = p.extra_weights.as<std::int8_t>();
  p.task.extra_quads = p.extra_quads.data();
  p.task.extra_ends = p.extra_ends.data();
  p.task.channels = shape.outputs;
  p.task.scaling = p.scaling.scaling;
  return p;
}

}  // namespace aiot::inference::fast
