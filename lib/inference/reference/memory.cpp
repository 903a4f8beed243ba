#include "inference/reference/memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "inference/error.hpp"

namespace aiot::inference {
namespace {

constexpr std::size_t most_arena_bytes = 1U << 30;

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

Result<std::size_t> place(std::vector<Life>& lives) {
  std::stable_sort(lives.begin(), lives.end(),
                   [](const Life& a, const Life& b) { return a.bytes > b.bytes; });
  std::size_t bytes = 0;
  std::vector<const Life*> placed;  // by offset
  for (auto& life : lives) {
    for (const auto* other : placed) {
      if (!life.meets(*other)) continue;
      if (life.offset + life.bytes <= other->offset) break;
      life.offset = std::max(life.offset, other->offset + other->bytes);
    }
    bytes = std::max(bytes, life.offset + life.bytes);
    if (bytes > most_arena_bytes) {
      return make_error(Errc::too_large,
                        fmt::format("the model computes more than {} bytes", most_arena_bytes));
    }
    const auto behind = std::upper_bound(
        placed.begin(), placed.end(), life.offset,
        [](std::size_t value, const Life* other) { return value < other->offset; });
    placed.insert(behind, &life);
  }
  return bytes;
}

Result<Arena> plan_arena(const Model& model, std::size_t alignment) {
  auto lives = lives_of(model, alignment);
  Arena arena;
  AIOT_TRY(arena.bytes, place(lives));
  arena.offsets.assign(model.tensors.size(), Arena::none);
  for (const auto& life : lives) arena.offsets[life.index] = life.offset;
  return arena;
}

Result<Constants> Constants::of(const Model& model) {
  Constants result;
  std::set<const std::uint8_t*> counted;
  std::size_t copied_bytes = 0;
  for (const auto& tensor : model.tensors) {
    result.places_.push_back(tensor.is_constant() ? tensor.data.data() : nullptr);
    if (!tensor.is_constant()) continue;
    if (counted.insert(tensor.data.data()).second) result.bytes_ += tensor.data.size();
    const auto unit = size_of(tensor.type);
    if (unit <= 1 || reinterpret_cast<std::uintptr_t>(tensor.data.data()) % unit == 0) continue;
    copied_bytes += tensor.data.size();
    if (copied_bytes > model.file.size()) {
      return make_error(Errc::too_large, "constants that overlap and are not aligned");
    }
    auto& copy = result.copies_.emplace_back((tensor.data.size() + 7) / 8);
    std::memcpy(copy.data(), tensor.data.data(), tensor.data.size());
    result.places_.back() = reinterpret_cast<const std::uint8_t*>(copy.data());
  }
  return result;
}

Variables::Variables(const Model& model) : model_(model), values_(model.variables.size()) {
  reset();
}

void Variables::reset() {
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const auto& variable = model_.variables[i];
    values_[i].assign(variable.bytes, variable.fill);
    if (!variable.initial.empty()) std::ranges::copy(variable.initial, values_[i].begin());
  }
}

std::size_t Variables::bytes() const {
  std::size_t sum = 0;
  for (const auto& value : values_) sum += value.size();
  return sum;
}

Places::Places(const Constants& constants, const Arena& arena, std::uint8_t* memory)
    : read(constants.places()), write(read.size()) {
  for (std::size_t i = 0; i < arena.offsets.size(); ++i) {
    if (arena.offsets[i] != Arena::none) read[i] = write[i] = memory + arena.offsets[i];
  }
}

}  // namespace aiot::inference
