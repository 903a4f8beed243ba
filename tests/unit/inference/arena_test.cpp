#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "inference/builtin/builtin.hpp"
#include "inference/error.hpp"
#include "inference/reference/memory.hpp"

namespace aiot::inference {
namespace {

/// A chain of int8 tensors of these sizes, each made from the one before.
Model chain(const std::vector<std::int32_t>& sizes) {
  Model model;
  for (const auto size : sizes) {
    Tensor tensor;
    tensor.type = Type::int8;
    tensor.shape = {size};
    model.tensors.push_back(std::move(tensor));
  }
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    Operator op;
    op.code = Code::relu;
    op.inputs = {static_cast<std::int32_t>(i - 1)};
    op.outputs = {static_cast<std::int32_t>(i)};
    model.operators.push_back(std::move(op));
  }
  model.inputs = {0};
  model.outputs = {static_cast<std::int32_t>(sizes.size() - 1)};
  return model;
}

/// The operators between which a tensor must keep its bytes; the model's inputs and outputs longer.
struct Span {
  std::size_t first, last;
};
Span life_of(const Model& model, std::int32_t tensor) {
  Span span{model.operators.size(), 0};
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    const auto& op = model.operators[i];
    if (std::ranges::count(op.inputs, tensor) + std::ranges::count(op.outputs, tensor) == 0)
      continue;
    span.first = std::min(span.first, i);
    span.last = i;
  }
  if (std::ranges::count(model.inputs, tensor) != 0) return {0, model.operators.size()};
  if (std::ranges::count(model.outputs, tensor) != 0) span.last = model.operators.size();
  return span;
}

}  // namespace

TEST_CASE("arena: a chain takes its two largest neighbours, beside its input") {
  const auto model = chain({16, 64, 256, 32, 16});
  const auto arena = plan_arena(model, 16);
  REQUIRE(arena.has_value());
  CHECK(arena->bytes == 16 + 64 + 256);
  CHECK(arena->offsets[2] == 0);
}

TEST_CASE("arena: offsets are aligned, whatever the sizes") {
  const auto arena = plan_arena(chain({5, 7, 33, 1, 3}), 64);
  REQUIRE(arena.has_value());
  for (const auto offset : arena->offsets) CHECK(offset % 64 == 0);
}

TEST_CASE("arena: what lives at the same time lies apart") {
  for (const auto name : builtin_names()) {
    CAPTURE(std::string(name));
    const auto model = builtin_model(name);
    REQUIRE(model.has_value());
    const auto arena = plan_arena(*model, 16);
    REQUIRE(arena.has_value());
    std::size_t sum = 0;
    for (std::size_t a = 0; a < arena->offsets.size(); ++a) {
      CHECK((arena->offsets[a] == Arena::none) == model->tensors[a].is_constant());
      if (arena->offsets[a] == Arena::none) continue;
      sum += model->tensors[a].bytes();
      CHECK(arena->offsets[a] + model->tensors[a].bytes() <= arena->bytes);
      for (std::size_t b = 0; b < a; ++b) {
        if (arena->offsets[b] == Arena::none) continue;
        const auto life_a = life_of(*model, static_cast<std::int32_t>(a));
        const auto life_b = life_of(*model, static_cast<std::int32_t>(b));
        if (life_a.first > life_b.last || life_b.first > life_a.last) continue;
        const bool apart = arena->offsets[a] + model->tensors[a].bytes() <= arena->offsets[b] ||
                           arena->offsets[b] + model->tensors[b].bytes() <= arena->offsets[a];
        CHECK(apart);
      }
    }
    CHECK(arena->bytes < sum);
  }
}

TEST_CASE("arena: more than a device has is refused") {
  const auto arena = plan_arena(chain(std::vector<std::int32_t>{1 << 30, 1 << 30}), 16);
  REQUIRE(!arena);
  CHECK(arena.error().code == Errc::too_large);
}

}  // namespace aiot::inference
