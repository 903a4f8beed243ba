#include <doctest/doctest.h>

#include <bit>
#include <cstring>

#include "inference/builtin/builtin.hpp"
#include "inference/tiny/task.hpp"

using namespace aiot;
using namespace aiot::inference;

namespace {

TensorInfo int8_input(std::size_t elements, float scale, std::int32_t zero_point) {
  TensorInfo info;
  info.type = Type::int8;
  info.bytes = elements;
  info.scale = scale;
  info.zero_point = zero_point;
  return info;
}

Bytes filled(const char* id, const TensorInfo& info, const Bytes& upload) {
  Bytes values(info.bytes);
  tiny::fill_input(*tiny::find_task(id), info, upload, values);
  return values;
}

}  // namespace

// th_load_tensor() of benchmark/reference_submissions, mlcommons/tiny: image classification and
// visual wake words take 128 off, keyword spotting takes bytes as they are.
TEST_CASE("inputs are made of uploaded bytes as the reference firmwares make them") {
  const TensorInfo four = int8_input(4, 1, -128);
  CHECK(filled("ic01", four, {0, 127, 128, 255}) == Bytes{0x80, 0xFF, 0x00, 0x7F});
  CHECK(filled("vww01", four, {0, 127, 128, 255}) == Bytes{0x80, 0xFF, 0x00, 0x7F});
  CHECK(filled("kws01", four, {0, 127, 128, 255}) == Bytes{0, 127, 128, 255});
}

// QuantizeFloatToInt8() of util/quantization_helpers.h: round() away from zero, and cut to int8.
TEST_CASE("floats are quantised as anomaly detection's firmware does it") {
  const TensorInfo info = int8_input(6, 0.5F, 10);
  Bytes upload(24);
  const float values[] = {0.0F, 0.25F, -0.25F, 0.2F, 1000.0F, -1000.0F};
  std::memcpy(upload.data(), values, sizeof values);
  const Bytes stored = filled("ad01", info, upload);
  CHECK(std::bit_cast<std::int8_t>(stored[0]) == 10);
  CHECK(std::bit_cast<std::int8_t>(stored[1]) == 11);
  CHECK(std::bit_cast<std::int8_t>(stored[2]) == 9);
  CHECK(std::bit_cast<std::int8_t>(stored[3]) == 10);
  CHECK(std::bit_cast<std::int8_t>(stored[4]) == 127);
  CHECK(std::bit_cast<std::int8_t>(stored[5]) == -128);
}

TEST_CASE("a task is known by its input, and knows how much it takes") {
  for (const auto& [name, id, bytes] : {std::tuple{"ic", "ic01", 3072},
                                        {"kws", "kws01", 490},
                                        {"vww", "vww01", 27648},
                                        {"ad", "ad01", 2560}}) {
    auto model = builtin_model(name);
    REQUIRE(model.has_value());
    auto engine =
        make_reference_engine(std::make_shared<const Model>(*std::move(model)), EngineOptions());
    REQUIRE(engine.has_value());
    const TensorInfo& input = (*engine)->inputs()[0];
    const tiny::Task* task = tiny::task_for(input);
    REQUIRE(task != nullptr);
    CHECK(task->id == id);
    CHECK(tiny::upload_bytes(*task, input) == static_cast<std::size_t>(bytes));
    CHECK(task->elements == input.bytes);
    const auto upload = tiny::random_upload(*task, input, 7);
    CHECK(upload.size() == static_cast<std::size_t>(bytes));
    CHECK(upload == tiny::random_upload(*task, input, 7));
    CHECK(upload != tiny::random_upload(*task, input, 8));
    tiny::fill_input(*task, input, upload, (*engine)->input(0));
    REQUIRE((*engine)->invoke().has_value());
    const std::size_t results = tiny::results_of(*task, **engine, upload).size();
    CHECK(results == (task->reconstruction ? 1U : (*engine)->outputs()[0].bytes));
  }
  CHECK(tiny::find_task("nonsense") == nullptr);
}
