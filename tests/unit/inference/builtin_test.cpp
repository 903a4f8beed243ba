#include "inference/builtin/builtin.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <set>

#include "inference/engine.hpp"
#include "inference/error.hpp"
#include "inference/model/file.hpp"
#include "mlperf_tiny.hpp"

namespace aiot::inference {
namespace {

std::unique_ptr<Engine> engine_of(Model model) {
  EngineOptions options;
  options.isa = Isa::scalar;
  auto engine = make_reference_engine(std::make_shared<const Model>(std::move(model)), options);
  if (!engine) FAIL(engine.error().message());
  return *std::move(engine);
}

std::uint64_t macs_of(const Engine& engine) {
  const auto& operators = engine.operators();
  return std::accumulate(operators.begin(), operators.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const OperatorInfo& o) { return sum + o.macs; });
}

}  // namespace

TEST_CASE("builtin: what the real models cost") {
  // The MACs of mlcommons/tiny's trained models.
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> real = {
      {{"kws", 2'656'768}, {"vww", 7'489'664}, {"ic", 12'501'632}, {"ad", 264'192}}};
  REQUIRE(builtin_names().size() == real.size());
  for (const auto& [name, macs] : real) {
    CAPTURE(std::string(name));
    auto model = builtin_model(name);
    if (!model) FAIL(model.error().message());
    const auto engine = engine_of(*std::move(model));
    CHECK(macs_of(*engine) == macs);
  }
}

TEST_CASE("builtin: outputs depend on inputs, and few values saturate") {
  for (const auto name : builtin_names()) {
    CAPTURE(std::string(name));
    const auto engine = engine_of(*builtin_model(name));
    std::set<Bytes> outputs;
    for (std::uint32_t seed = 1; seed <= 8; ++seed) {
      std::uint32_t state = seed * 2'654'435'761U;
      for (auto& value : engine->input(0)) {
        state = state * 1'664'525U + 1'013'904'223U;
        value = static_cast<std::uint8_t>(state >> 24);
      }
      REQUIRE(engine->invoke().has_value());
      const auto output = engine->output(0);
      outputs.emplace(output.begin(), output.end());
      const auto saturated = std::ranges::count_if(
          output, [](std::uint8_t value) { return value == 0x7f || value == 0x80; });
      CHECK(saturated < static_cast<std::ptrdiff_t>(output.size() + 1) / 2);
    }
    CHECK(outputs.size() >= 3);  // noise is no picture: two classes have few results for it
  }
}

TEST_CASE("builtin: a name that is none") {
  const auto model = builtin_model("lenet\x1b");
  REQUIRE(!model);
  CHECK(model.error().code == Errc::unknown_builtin);
  CHECK(model.error().context == "lenet\\x1b");
}

TEST_CASE("write: a real model written again computes the same") {
  for (const std::string name : {"kws_ref_model", "pretrainedResnet_quant", "ad01_int8"}) {
    auto file = test::mlperf_tiny("models/" + name + ".tflite");
    if (!file) return;
    const auto model = read_model(*std::move(file));
    REQUIRE(model.has_value());
    auto again = read_model(write_model(*model));
    if (!again) FAIL(again.error().message());
    const auto engine = engine_of(*std::move(again));
    std::ranges::copy(*test::mlperf_tiny("inputs/" + name + ".2.bin"), engine->input(0).begin());
    REQUIRE(engine->invoke().has_value());
    CHECK(std::ranges::equal(engine->output(0),
                             *test::mlperf_tiny("expected_ref/" + name + ".2.bin")));
  }
}

}  // namespace aiot::inference
