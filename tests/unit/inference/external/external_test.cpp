#include "inference/external/external.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "../vectors.hpp"
#include "core/module.hpp"
#include "inference/builtin/builtin.hpp"
#include "inference/engine.hpp"
#include "inference/model/file.hpp"
#include "paths.hpp"
#include "skip.hpp"

namespace aiot::inference {
namespace {

/// Built with this test: see fake_tflite.cpp.
const std::string fake = tests::binary_dir() + "/bin/libfake_tflite.so";

/// A file that begins as a model does, with one input and one output of `bytes` int8 values.
std::shared_ptr<const Model> small_model(std::int32_t bytes) {
  Model model;
  model.file = {28, 0, 0, 0, 'T', 'F', 'L', '3'};
  Tensor tensor;
  tensor.type = Type::int8;
  tensor.shape = {1, bytes};
  model.tensors = {tensor, tensor};
  model.inputs = {0};
  model.outputs = {1};
  return std::make_shared<const Model>(std::move(model));
}

std::size_t far_apart(ByteSpan a, ByteSpan b) {
  REQUIRE(a.size() == b.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const int difference = static_cast<std::int8_t>(a[i]) - static_cast<std::int8_t>(b[i]);
    count += difference < -8 || difference > 8 ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("tflite: a library that is not installed is a named error") {
  const auto made = make_tflite_engine(small_model(4), {}, "libtensorflowlite_c_not_here.so");
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().stable_code() == "engine.missing");
  CHECK(made.error().condition() == Condition::resource);
  CHECK(made.error().message().find("libtensorflowlite_c_not_here.so") != std::string::npos);
  CHECK_FALSE(made.error().hint.empty());
}

TEST_CASE(
    "tflite: the library's functions are called in their order, and what they make is given back") {
  auto module = Module::open(fake, "this test");
  REQUIRE(module.has_value());
  auto* alive = module->function<int()>("fake_alive");
  REQUIRE((alive != nullptr));
  {
    EngineOptions options;
    options.threads = 3;
    const auto made = make_tflite_engine(small_model(4), options, fake);
    if (!made) FAIL(made.error().message());
    CHECK(alive() == 2);  // the model and the interpreter
    auto& engine = **made;
    CHECK(engine.name() == "tflite");
    const std::uint8_t input[] = {1, 2, 253, 4};
    std::ranges::copy(input, engine.input(0).begin());
    REQUIRE(engine.invoke().has_value());
    CHECK(to_hex(engine.output(0)) == "04050007");
    REQUIRE(engine.invoke().has_value());
    const auto failed = engine.invoke();
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().stable_code() == "engine.failed");
  }
  CHECK(alive() == 0);
}

TEST_CASE("tflite: a model it does not take, or sees otherwise, is refused") {
  auto other_size = make_tflite_engine(small_model(5), {}, fake);
  REQUIRE_FALSE(other_size.has_value());
  CHECK(other_size.error().stable_code() == "engine.failed");
  auto empty = make_tflite_engine(std::make_shared<const Model>(), {}, fake);
  REQUIRE_FALSE(empty.has_value());
  CHECK(empty.error().message().find("not a model") != std::string::npos);
  auto module = Module::open(fake, "this test");
  REQUIRE(module.has_value());
  CHECK(module->function<int()>("fake_alive")() == 0);
}

TEST_CASE(
    "xnnpack: the built-in models run, near the reference's values, on one thread and on two") {
  for (const auto name : builtin_names()) {
    CAPTURE(std::string(name));
    auto read = builtin_model(name);
    REQUIRE(read.has_value());
    const auto model = std::make_shared<const Model>(*std::move(read));
    const auto reference = make_reference_engine(model, {});
    REQUIRE(reference.has_value());
    for (const unsigned threads : {1U, 2U}) {
      const auto made = make_xnnpack_engine(model, {std::nullopt, threads});
      if (!made && made.error().stable_code() == "engine.missing") {
        AIOT_SKIP("XNNPACK is not here: install libxnnpack0");
      }
      if (!made) FAIL(made.error().message());
      for (auto* engine : {reference->get(), made->get()}) {
        auto input = engine->input(0);
        for (std::size_t i = 0; i < input.size(); ++i) {
          input[i] = static_cast<std::uint8_t>(i * 37 + i / 11);
        }
        REQUIRE(engine->invoke().has_value());
      }
      // It rounds otherwise, which adds up from layer to layer.
      CHECK(far_apart((*made)->output(0), (*reference)->output(0)) == 0);
    }
  }
}

TEST_CASE("XNNPACK: types that it has not are left to the portable kernels") {
  for (const auto* name : {"arithmetic_int16", "arithmetic_int32"}) {
    CAPTURE(std::string(name));
    const auto vectors = test::vectors_of(name);
    REQUIRE(!vectors.empty());
    for (const auto& vector : vectors) {
      auto read = read_model(vector.model);
      REQUIRE(read.has_value());
      const auto made = make_xnnpack_engine(std::make_shared<const Model>(*std::move(read)), {});
      if (!made && made.error().stable_code() == "engine.missing") {
        AIOT_SKIP("XNNPACK is not here: install libxnnpack0");
      }
      if (!made) FAIL(made.error().message());
      for (std::size_t i = 0; i < vector.inputs.size(); ++i) {
        std::ranges::copy(vector.inputs[i], (*made)->input(i).begin());
      }
      REQUIRE((*made)->invoke().has_value());
      CHECK(std::ranges::equal((*made)->output(0), vector.outputs[0]));
    }
  }
}

}  // namespace aiot::inference
