#include "vectors.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "inference/engine.hpp"
#include "inference/model/file.hpp"

namespace aiot::inference {
namespace {

/// Floats may differ by what another C library's exp() rounds otherwise, and by what a compiler
/// that multiplies and adds at once leaves out: some units in the last place of the largest value.
bool floats_agree(ByteSpan got, ByteSpan expected) {
  std::vector<float> a(got.size() / 4);
  std::vector<float> b(a.size());
  std::memcpy(a.data(), got.data(), got.size());
  std::memcpy(b.data(), expected.data(), expected.size());
  float largest = 0;
  for (const float value : b) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    if (!(std::abs(a[i] - b[i]) <= 1e-5F * largest)) return false;
  }
  return true;
}

/// Empty when the engine's outputs are those of the vector.
std::string difference(const test::Vector& vector, Isa isa) {
  auto model = read_model(vector.model);
  if (!model) return model.error().message();
  EngineOptions options;
  options.isa = isa;
  const auto made =
      make_reference_engine(std::make_shared<const Model>(*std::move(model)), options);
  if (!made) return made.error().message();
  auto& engine = **made;
  for (std::size_t i = 0; i < vector.inputs.size(); ++i) {
    if (engine.input(i).size() != vector.inputs[i].size()) return "an input of another size";
    std::ranges::copy(vector.inputs[i], engine.input(i).begin());
  }
  if (const auto invoked = engine.invoke(); !invoked) return invoked.error().message();
  for (std::size_t i = 0; i < vector.outputs.size(); ++i) {
    const auto got = engine.output(i);
    const auto& expected = vector.outputs[i];
    if (got.size() != expected.size()) return "an output of another size";
    const bool same = engine.outputs()[i].type == Type::float32 ? floats_agree(got, expected)
                                                                : std::ranges::equal(got, expected);
    if (!same) {
      return fmt::format("output {}: {} instead of {}", i, to_hex(got), to_hex(expected));
    }
  }
  return {};
}

}  // namespace

TEST_CASE("vectors: each ISA's kernels compute what TensorFlow Lite Micro's do") {
  const auto names = test::vector_names();
  CHECK(names.size() == 93);
  for (const auto& name : names) {
    CAPTURE(name);
    const auto vectors = test::vectors_of(name);
    CHECK(vectors.size() >= 40);
    for (const auto isa : isas_here()) {
      CAPTURE(std::string(name_of(isa)));
      for (std::size_t i = 0; i < vectors.size(); ++i) {
        CAPTURE(i);
        CHECK(difference(vectors[i], isa) == "");
      }
    }
  }
}

}  // namespace aiot::inference
