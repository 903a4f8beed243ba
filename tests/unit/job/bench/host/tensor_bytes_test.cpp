#include "job/bench/host/accuracy.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <limits>

#include "job/bench/host/error.hpp"

namespace aiot::bench {
namespace {

using inference::TensorInfo;
using inference::Type;

TensorInfo input(Type type, float scale, std::int32_t zero_point, std::size_t bytes) {
  return {"in", type, {1, 4}, scale, zero_point, bytes};
}

// The inputs of MLPerf Tiny's reference models: images are pixels, features are int8 as they are.
TEST_CASE("what a data set's bytes are, by the input's own scale") {
  const auto form = [](const TensorInfo& info, std::size_t bytes) {
    return input_form(info, bytes, DataType::automatic);
  };
  CHECK(form(input(Type::int8, 1, -128, 4), 4) == "uint8, less 128");            // ic01
  CHECK(form(input(Type::int8, 0.003922F, -128, 4), 4) == "uint8, less 128");    // vww01
  CHECK(form(input(Type::int8, 0.584703F, 83, 4), 4) == "int8");                 // kws01
  CHECK(form(input(Type::int8, 0.391015F, 89, 4), 16) == "float32, quantised");  // ad01
  CHECK(form(input(Type::int8, 0.101716F, -128, 4), 4) == "int8");               // micro_speech
  CHECK(form(input(Type::uint8, 0.0039F, 0, 4), 4) == "uint8");
  CHECK(form(input(Type::float32, 0, 0, 16), 16) == "float32");
  CHECK(form(input(Type::float32, 0, 0, 16), 4).empty());
  CHECK(form(input(Type::int8, 1, 0, 4), 5).empty());
  CHECK(form(input(Type::int16, 1, 0, 8), 8).empty());
}

TEST_CASE("what is asked for goes before what is guessed") {
  const TensorInfo image = input(Type::int8, 1, -128, 4);
  CHECK(input_form(image, 4, DataType::int8) == "int8");
  CHECK(input_form(image, 16, DataType::int8).empty());
  CHECK(input_form(image, 4, DataType::float32).empty());
  const TensorInfo features = input(Type::int8, 0.5F, 83, 4);
  CHECK(input_form(features, 4, DataType::uint8) == "uint8, less 128");
}

TEST_CASE("bytes fill an input") {
  Bytes target(4);
  const Bytes pixels = {0, 1, 128, 255};
  REQUIRE(
      fill_input(target, input(Type::int8, 1, -128, 4), pixels, DataType::automatic).has_value());
  CHECK(target == Bytes{0x80, 0x81, 0x00, 0x7f});
  REQUIRE(fill_input(target, input(Type::int8, 1, -128, 4), pixels, DataType::int8).has_value());
  CHECK(target == pixels);
}

// Scale 0.5, zero point 10: 1.0 is 12, 1.3 is 2.6 steps and rounds to 13, -0.25 is half a step and
// rounds away from zero to 9; what is out of range, infinite or no number saturates.
TEST_CASE("real values are quantised as the input is") {
  const auto quantise = [](float real) {
    Bytes bytes;
    append_le32(bytes, std::bit_cast<std::uint32_t>(real));
    Bytes target(1);
    const TensorInfo info{"in", Type::int8, {1}, 0.5F, 10, 1};
    REQUIRE(fill_input(target, info, bytes, DataType::automatic).has_value());
    return static_cast<int>(static_cast<std::int8_t>(target[0]));
  };
  CHECK(quantise(1.0F) == 12);
  CHECK(quantise(1.3F) == 13);
  CHECK(quantise(-0.25F) == 9);
  CHECK(quantise(1000.0F) == 127);
  CHECK(quantise(-1000.0F) == -128);
  CHECK(quantise(std::numeric_limits<float>::infinity()) == 127);
  CHECK(quantise(std::numeric_limits<float>::quiet_NaN()) == -128);
}

TEST_CASE("the wrong number of bytes is an error that names the right one") {
  Bytes target(4);
  const Bytes bytes(5);
  const auto filled = fill_input(target, input(Type::int8, 1, 0, 4), bytes, DataType::automatic);
  REQUIRE(filled.has_error());
  CHECK(filled.error().code == Errc::data_form);
  CHECK(filled.error().context == "5 bytes for the input 1x4 of INT8");
}

TEST_CASE("the real values behind bytes") {
  using Reals = std::vector<float>;
  const auto reals = [](Type type, const Bytes& bytes) {
    return real_values({"t", type, {1}, 0.5F, -1, bytes.size()}, bytes);
  };
  CHECK(reals(Type::int8, {0xff, 0x00, 0x80}) == Reals{0, 0.5F, -63.5F});
  CHECK(reals(Type::uint8, {0xff}) == Reals{128});
  CHECK(reals(Type::int16, {0x00, 0x80}) == Reals{-16383.5F});
  CHECK(reals(Type::int32, {0x03, 0, 0, 0}) == Reals{2});
  CHECK(reals(Type::float32, {0, 0, 0x80, 0x3f}) == Reals{1});
  CHECK(reals(Type::boolean, {1}).empty());
}

}  // namespace
}  // namespace aiot::bench
