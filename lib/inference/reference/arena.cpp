#include "inference/reference/arena.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "inference/error.hpp"

namespace aiot::inference {
namespace {

constexpr std::size_t most_arena_bytes = 1U << 30;

/// A tensor from the operator that makes it to the last that reads it.
struct Life {
  std::size_t tensor = 0;
  std::size_t bytes = 0;
  std::size_t first = 0, last = 0;
  std::size_t offset = 0;

  bool meets(const Life& other) const { return first <= other.last && other.first <= last; }
};

std::vector<Life> lives_of(const Model& model, std::size_t alignment) {
  constexpr auto never = static_cast<std::size_t>(-1);
  std::vector<Life> all(model.tensors.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = {i, (model.tensors[i].bytes() + alignment - 1) & ~(alignment - 1), never, 0, 0};
  }
  const auto of = [&](std::int32_t tensor) -> Life& {
    return all[static_cast<std::size_t>(tensor)];
  };
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    for (const auto output : model.operators[i].outputs) of(output).first = of(output).last = i;
    for (const auto input : model.operators[i].inputs) {
      if (input >= 0) of(input).last = i;
    }
  }
  for (const auto output : model.outputs) of(output).last = model.operators.size();
  for (const auto input : model.inputs) {
    of(input).first = 0;
    of(input).last = model.operators.size();
  }
  std::erase_if(all, [](const Life& life) { return life.first == never; });
  return all;
}

}  // namespace

Result<Arena> plan_arena(const Model& model, std::size_t alignment) {
  auto lives = lives_of(model, alignment);
  std::stable_sort(lives.begin(), lives.end(),
                   [](const Life& a, const Life& b) { return a.bytes > b.bytes; });
  Arena arena;
  arena.offsets.assign(model.tensors.size(), Arena::none);
  std::vector<const Life*> placed;  // by offset
  for (auto& life : lives) {
    std::size_t offset = 0;
    for (const auto* other : placed) {
      if (!life.meets(*other)) continue;
      if (offset + life.bytes <= other->offset) break;
      offset = std::max(offset, other->offset + other->bytes);
    }
    life.offset = offset;
    arena.offsets[life.tensor] = offset;
    arena.bytes = std::max(arena.bytes, offset + life.bytes);
    if (arena.bytes > most_arena_bytes) {
      return make_error(Errc::too_large,
                        fmt::format("the model computes more than {} bytes", most_arena_bytes));
    }
    const auto behind = std::upper_bound(
        placed.begin(), placed.end(), offset,
        [](std::size_t value, const Life* other) { return value < other->offset; });
    placed.insert(behind, &life);
  }
  return arena;
}

}  // namespace aiot::inference
