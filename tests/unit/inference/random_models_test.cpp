#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "cases.hpp"
#include "inference/engine.hpp"
#include "inference/model/file.hpp"

namespace aiot::inference {
namespace {

std::unique_ptr<Engine> engine_of(const std::shared_ptr<const Model>& model, Isa isa,
                                  unsigned threads) {
  EngineOptions options;
  options.isa = isa;
  options.threads = threads;
  auto engine = make_reference_engine(model, options);
  if (!engine) FAIL(engine.error().message());
  return *std::move(engine);
}

void fill(Engine& engine, std::uint64_t seed) {
  vectors::Random random(seed);
  for (std::size_t i = 0; i < engine.inputs().size(); ++i) {
    for (auto& byte : engine.input(i)) byte = static_cast<std::uint8_t>(random.bits() >> 56);
  }
}

/// Empty when `engine` computes what `scalar` does.
std::string difference(Engine& scalar, Engine& engine, std::uint64_t seed) {
  for (auto* one : {&scalar, &engine}) {
    one->reset();
    fill(*one, seed);
    if (const auto invoked = one->invoke(); !invoked) return invoked.error().message();
  }
  for (std::size_t i = 0; i < scalar.outputs().size(); ++i) {
    if (!std::ranges::equal(scalar.output(i), engine.output(i))) {
      return to_hex(engine.output(i)) + " instead of " + to_hex(scalar.output(i));
    }
  }
  return {};
}

void check_makers(std::span<const vectors::Maker> makers, int cases) {
  for (const auto& maker : makers) {
    CAPTURE(std::string(maker.name));
    vectors::Random random(7'000'003);  // other models than those of the vectors
    for (int i = 0; i < cases; ++i) {
      CAPTURE(i);
      auto read = read_model(maker.make(random, Type::int8));
      if (!read) FAIL(read.error().message());
      const auto model = std::make_shared<const Model>(*std::move(read));
      const auto scalar = engine_of(model, Isa::scalar, 1);
      for (const auto isa : isas_here()) {
        CAPTURE(std::string(name_of(isa)));
        const auto threads = i % 8 == 0 ? 3U : 1U;
        const auto engine = engine_of(model, isa, threads);
        // Twice: what an engine keeps between runs must not show.
        CHECK(difference(*scalar, *engine, static_cast<std::uint64_t>(i)) == "");
        CHECK(difference(*scalar, *engine, static_cast<std::uint64_t>(i) + 1) == "");
      }
    }
  }
}

}  // namespace

TEST_CASE("random models: each ISA computes what the scalar kernels do") {
  check_makers(vectors::sum_makers(), 150);
  check_makers(vectors::value_makers(), 60);
  check_makers(vectors::movement_makers(), 30);
  check_makers(vectors::position_makers(), 30);
  check_makers(vectors::graph_makers().first(1), 60);  // loops want a sensible counter
}

}  // namespace aiot::inference
