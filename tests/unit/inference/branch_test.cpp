#include <doctest/doctest.h>

#include <bit>
#include <cstring>
#include <memory>

#include "inference/engine.hpp"
#include "inference/error.hpp"
#include "inference/model/file.hpp"

namespace aiot::inference {
namespace {

Tensor tensor(Type type, std::int32_t count = 1) {
  Tensor t;
  t.type = type;
  t.shape = {count};
  return t;
}

Operator of(Code code, std::vector<std::int32_t> inputs, std::vector<std::int32_t> outputs) {
  Operator op;
  op.code = code;
  op.inputs = std::move(inputs);
  op.outputs = std::move(outputs);
  return op;
}

/// Doubles a number as long as it is below 100.
struct Loop {
  Bytes limit;
  std::shared_ptr<Model> condition = std::make_shared<Model>();
  std::shared_ptr<Model> body = std::make_shared<Model>();
  Model outer;

  Loop() {
    append_le32(limit, std::bit_cast<std::uint32_t>(100.0F));
    condition->tensors = {tensor(Type::float32), tensor(Type::float32), tensor(Type::boolean)};
    condition->tensors[1].data = limit;
    condition->inputs = {0};
    condition->outputs = {2};
    condition->operators = {of(Code::less, {0, 1}, {2})};
    body->tensors = {tensor(Type::float32), tensor(Type::float32)};
    body->inputs = {0};
    body->outputs = {1};
    body->operators = {of(Code::add, {0, 0}, {1})};
    body->operators[0].options = ArithmeticOptions{};
    outer.tensors = {tensor(Type::float32), tensor(Type::float32)};
    outer.inputs = {0};
    outer.outputs = {1};
    outer.operators = {of(Code::while_, {0}, {1})};
  }
  Bytes file() {
    outer.operators[0].options = BranchOptions{1, 2, condition, body};
    return write_model(outer);
  }
};

Result<std::unique_ptr<Engine>> load(Bytes file) {
  AIOT_TRY(auto model, read_model(std::move(file)));
  return make_reference_engine(std::make_shared<const Model>(std::move(model)), {});
}

Result<float> run(Engine& engine, float value) {
  std::memcpy(engine.input(0).data(), &value, sizeof(value));
  AIOT_CHECK(engine.invoke());
  std::memcpy(&value, engine.output(0).data(), sizeof(value));
  return value;
}

void refuse(Loop& loop, Errc code, std::string_view says) {
  const auto engine = load(loop.file());
  REQUIRE_FALSE(engine.has_value());
  CAPTURE(engine.error().message());
  CHECK(engine.error().code == code);
  CHECK(engine.error().message().find(says) != std::string::npos);
}

}  // namespace

TEST_CASE("branches: WHILE runs its body until the condition is false, or is given up") {
  Loop loop;
  const auto engine = load(loop.file());
  if (!engine) FAIL(engine.error().message());
  CHECK(*run(**engine, 3) == 192);
  CHECK(*run(**engine, 150) == 150);
  const auto endless = run(**engine, 0);
  REQUIRE_FALSE(endless.has_value());
  CHECK(endless.error().code == Errc::engine_failed);
  CHECK(*run(**engine, 99) == 198);  // the next run is not touched
}

TEST_CASE("branches: subgraphs that do not fit are refused") {
  Loop loop;
  SUBCASE("a graph that runs itself") {
    loop.outer.operators[0].options = BranchOptions{1, 1, loop.body, loop.body};
    loop.body->operators = {of(Code::while_, {0}, {1})};
    loop.body->operators[0].options = BranchOptions{1, 1, nullptr, nullptr};
    const auto engine = load(write_model(loop.outer));
    REQUIRE_FALSE(engine.has_value());
    CHECK(engine.error().code == Errc::too_large);
  }
  SUBCASE("a graph that is not in the file") {
    loop.outer.operators[0].options = BranchOptions{1, 7, loop.condition, nullptr};
    const auto engine = load(write_model(loop.outer));
    REQUIRE_FALSE(engine.has_value());
    CHECK(engine.error().message().find("subgraph 7 of 2") != std::string::npos);
  }
  SUBCASE("values of another size") {
    loop.body->tensors[0].shape = {2};
    loop.body->tensors[1].shape = {2};
    refuse(loop, Errc::bad_model, "input 0 is 1, not 2");
  }
  SUBCASE("a condition that is no truth") {
    loop.condition->outputs = {0};
    refuse(loop, Errc::unsupported_option, "the condition is FLOAT32, not BOOL");
  }
  SUBCASE("values that are kept in it") {
    loop.body->operators = {of(Code::svdf, {0, 0, 0, 0, 0}, {1})};
    loop.body->operators[0].options = SvdfOptions{};
    refuse(loop, Errc::unsupported_option, "SVDF keeps values there");
  }
}

}  // namespace aiot::inference
