#include "inference/model/convert.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "inference/engine.hpp"
#include "inference/error.hpp"
#include "inference/model/file.hpp"
#include "one_operator.hpp"

namespace aiot::inference {
namespace {

using vectors::OneOperator;
using vectors::Random;

Random random_numbers(2);

Tensor tensor(Type type, std::vector<std::int32_t> shape, ByteSpan data = {}) {
  Tensor result;
  result.type = type;
  result.shape = std::move(shape);
  result.data = data;
  return result;
}

Operator dequantize(std::int32_t from, std::int32_t to) {
  Operator op;
  op.code = Code::dequantize;
  op.inputs = {from};
  op.outputs = {to};
  return op;
}

/// Input 2 -> FULLY_CONNECTED with a float16 matrix of 1x2.
struct HalfModel {
  Bytes halves = {0x00, 0x3c, 0x00, 0xc1};  // 1, -2.5
  Model model;

  HalfModel() {
    model.tensors = {tensor(Type::float32, {1, 2}), tensor(Type::float16, {1, 2}, halves),
                     tensor(Type::float32, {1, 2}), tensor(Type::float32, {1, 1})};
    Operator dense;
    dense.code = Code::fully_connected;
    dense.inputs = {0, 2, -1};
    dense.outputs = {3};
    dense.options = FullyConnectedOptions{};
    model.operators = {dequantize(1, 2), dense};
    model.inputs = {0};
    model.outputs = {3};
  }
};

}  // namespace

TEST_CASE("convert: halves are exact floats") {
  CHECK(real_of_half(0x3c00) == 1);
  CHECK(real_of_half(0xc100) == -2.5F);
  CHECK(real_of_half(0x3555) == 0.333251953125F);
  CHECK(real_of_half(0x7bff) == 65'504);
  CHECK(real_of_half(0x0400) == 0x1p-14F);
  CHECK(real_of_half(0x03ff) == 0x1.ff8p-15F);
  CHECK(real_of_half(0x0001) == 0x1p-24F);
  CHECK(std::signbit(real_of_half(0x8000)));
  CHECK(real_of_half(0xfc00) == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(real_of_half(0x7e01)));
}

TEST_CASE("convert: float16 weights are unpacked when the file is read") {
  auto read = read_model(write_model(HalfModel().model));
  REQUIRE(read.has_value());
  REQUIRE(read->operators.size() == 1);
  CHECK(read->tensors[2].is_constant());
  for (const auto isa : isas_here()) {
    auto again = read_model(write_model(HalfModel().model));
    EngineOptions options;
    options.isa = isa;
    auto engine = make_reference_engine(std::make_shared<const Model>(*std::move(again)), options);
    REQUIRE(engine.has_value());
    const float input[2] = {3, 2};
    std::memcpy((*engine)->input(0).data(), input, sizeof(input));
    REQUIRE((*engine)->invoke().has_value());
    float output = 0;
    std::memcpy(&output, (*engine)->output(0).data(), sizeof(output));
    CHECK(output == -2);
  }
}

TEST_CASE("convert: float16 that is computed is refused, and constants are not unpacked for ever") {
  HalfModel computed;
  computed.model.tensors[1].data = {};
  computed.model.inputs.push_back(1);
  auto read = read_model(write_model(computed.model));
  REQUIRE(read.has_value());
  const auto engine = make_reference_engine(std::make_shared<const Model>(*std::move(read)), {});
  REQUIRE(!engine.has_value());
  CHECK(engine.error().code == Errc::unsupported_option);
  CHECK(engine.error().message().find("operator 0 (DEQUANTIZE): FLOAT16 to FLOAT32") !=
        std::string::npos);

  HalfModel many;
  const Bytes halves(20'000);
  many.model.tensors[1] = tensor(Type::float16, {10'000}, halves);
  for (int i = 0; i < 20; ++i) {
    many.model.operators.push_back(
        dequantize(1, static_cast<std::int32_t>(many.model.tensors.size())));
    many.model.tensors.push_back(tensor(Type::float32, {10'000}));
  }
  many.model.tensors[2].shape = {10'000};
  const auto large = read_model(write_model(many.model));
  REQUIRE(!large.has_value());
  CHECK(large.error().code == Errc::too_large);
  CHECK(large.error().message().find("(DEQUANTIZE)") != std::string::npos);
}

TEST_CASE("convert: a uint8 model takes and gives uint8") {
  OneOperator op(random_numbers, Code::max_pool_2d);
  op.input(Type::uint8, {1, 2, 2, 1}, {{0.5F}, {128}, 0});
  op.output(Type::uint8, {1, 1, 1, 1}, {{0.5F}, {128}, 0});
  PoolOptions options;
  options.filter_h = options.filter_w = 2;
  options.padding = Padding::valid;
  auto read = read_model(op.file(options));
  REQUIRE(read.has_value());
  auto engine = make_reference_engine(std::make_shared<const Model>(*std::move(read)), {});
  REQUIRE(engine.has_value());
  CHECK((*engine)->inputs()[0].type == Type::uint8);
  CHECK((*engine)->inputs()[0].zero_point == 128);
  CHECK((*engine)->outputs()[0].type == Type::uint8);
  const Bytes input = {0, 200, 127, 255};
  std::ranges::copy(input, (*engine)->input(0).begin());
  REQUIRE((*engine)->invoke().has_value());
  CHECK((*engine)->output(0)[0] == 255);
}

TEST_CASE("convert: an operator whose results uint8 would change is refused") {
  OneOperator op(random_numbers, Code::resize_bilinear);
  op.input(Type::uint8, {1, 2, 2, 1}, {{0.5F}, {128}, 0});
  op.constant_integers({4, 4});
  op.output(Type::uint8, {1, 4, 4, 1}, {{0.5F}, {128}, 0});
  const auto read = read_model(op.file(ResizeOptions{}));
  REQUIRE(!read.has_value());
  CHECK(read.error().code == Errc::unsupported_option);
  CHECK(read.error().message().find(
            "operator 0 (RESIZE_BILINEAR): of UINT8, where its results are not those of INT8") !=
        std::string::npos);
  CHECK(read.error().hint == "convert the model again, with int8 tensors");
}

}  // namespace aiot::inference
