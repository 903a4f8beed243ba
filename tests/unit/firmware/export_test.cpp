#include <doctest/doctest.h>

#include <string>

#include "board/memory.hpp"
#include "export/source.hpp"
#include "inference/builtin/builtin.hpp"
#include "inference/model/file.hpp"

using namespace aiot;
using namespace aiot::inference;

namespace {

std::string source_of_builtin(const char* name, const char* model) {
  auto read = builtin_model(model);
  REQUIRE(read.has_value());
  const auto source = firmware::source_of(*read, name);
  REQUIRE_MESSAGE(source.has_value(), source.error().message());
  return *source;
}

Error refusal(const Bytes& file, const char* name) {
  const auto model = read_model(file);
  REQUIRE_MESSAGE(model.has_value(), model.error().message());
  const auto source = firmware::source_of(*model, name);
  REQUIRE(!source.has_value());
  return source.error();
}

}  // namespace

// What the reference's firmwares do: th_load_tensor() and th_results() of mlcommons/tiny.
TEST_CASE("a network is exported with its benchmark's input and results") {
  struct Case {
    const char* name;
    const char* model;
    const char* form;
    const char* reconstruction;
  };
  for (const Case& one : {Case{"ic01", "ic", "unsigned_bytes", "false"},
                          {"vww01", "vww", "unsigned_bytes", "false"},
                          {"kws01", "kws", "stored", "false"},
                          {"ad01", "ad", "floats", "true"},
                          {"mine", "ad", "stored", "false"}}) {
    const std::string source = source_of_builtin(one.name, one.model);
    const auto has = [&](const std::string& line) {
      return source.find(line) != std::string::npos;
    };
    CHECK_MESSAGE(has(std::string("input_form = tiny::Input::") + one.form + ";"), one.name);
    CHECK_MESSAGE(has(std::string("reconstruction = ") + one.reconstruction + ";"), one.name);
  }
}

TEST_CASE("a model that the board has no room for is refused") {
  GraphBuilder weights(1);
  const auto wide = weights.input({1, 2048}, 0.1F, 0);
  const Error constants =
      refusal(weights.finish(weights.fully_connected(wide, 2048, Activation::none), ""), "mine");
  CHECK(constants.stable_code() == "model.too_large");
  CHECK(constants.context.find("bytes of constants") != std::string::npos);

  GraphBuilder images(1);
  const auto picture = images.input({1, 96, 96, 3}, 0.1F, 0);
  GraphBuilder::ConvArguments many;
  many.filters = 440;
  const Error arena = refusal(images.finish(images.conv(picture, many), ""), "vww01");
  CHECK(arena.stable_code() == "model.too_large");
  CHECK(arena.context.find("bytes to compute in") != std::string::npos);

  GraphBuilder large(1);
  const auto larger = large.input({1, 27649}, 0.1F, 0);
  const Error upload =
      refusal(large.finish(large.fully_connected(larger, 2, Activation::none), ""), "mine");
  CHECK(upload.stable_code() == "model.too_large");
  CHECK(upload.context.find("upload of 27649 bytes") != std::string::npos);
}

TEST_CASE("anomaly detection wants a model whose output is its input's size") {
  const auto model = builtin_model("kws");
  REQUIRE(model.has_value());
  const auto source = firmware::source_of(*model, "ad01");
  REQUIRE(!source.has_value());
  CHECK(source.error().stable_code() == "model.unsupported_option");
  CHECK(source.error().context.find("12 and 490 values") != std::string::npos);
}
