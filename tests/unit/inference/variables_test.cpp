#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "inference/engine.hpp"
#include "inference/error.hpp"
#include "inference/model/file.hpp"

// Models that keep values from one run to the next, as streaming wake words do.
namespace aiot::inference {
namespace {

constexpr std::array<std::uint8_t, 4> initial = {1, 2, 3, 0xfc};

Tensor tensor(std::string name, Type type, ByteSpan data = {}) {
  Tensor t;
  t.name = std::move(name);
  t.type = type;
  if (type == Type::int8) t.shape = {1, 4};
  if (type == Type::int8) t.quantization = {{0.5F}, {-3}, 0};
  t.data = data;
  return t;
}

Operator op(Code code, std::vector<std::int32_t> inputs, std::vector<std::int32_t> outputs,
            decltype(Operator::options) options = NoOptions{}) {
  Operator o;
  o.code = code;
  o.inputs = std::move(inputs);
  o.outputs = std::move(outputs);
  o.options = std::move(options);
  return o;
}

/// Gives what the last run took: a delay of one run.
Model delay() {
  Model m;
  m.tensors = {tensor("input", Type::int8), tensor("handle", Type::resource),
               tensor("last", Type::int8)};
  m.inputs = {0};
  m.outputs = {2};
  m.operators = {op(Code::var_handle, {}, {1}, VarHandleOptions{"", "state"}),
                 op(Code::read_variable, {1}, {2}), op(Code::assign_variable, {1, 0}, {})};
  return m;
}

/// The graph that CALL_ONCE runs: state = `initial`.
Model initialiser() {
  Model m;
  m.tensors = {tensor("handle", Type::resource), tensor("first", Type::int8, initial)};
  m.operators = {op(Code::var_handle, {}, {0}, VarHandleOptions{"", "state"}),
                 op(Code::assign_variable, {0, 1}, {})};
  return m;
}

Model delay_with_initialiser() {
  auto m = delay();
  m.operators.insert(m.operators.begin(), op(Code::call_once, {}, {}, CallOnceOptions{1}));
  return m;
}

std::unique_ptr<Engine> engine_of(const Bytes& file, Isa isa) {
  auto model = read_model(file);
  if (!model) FAIL(model.error().message());
  EngineOptions options;
  options.isa = isa;
  auto engine = make_reference_engine(std::make_shared<const Model>(*std::move(model)), options);
  if (!engine) FAIL(engine.error().message());
  return *std::move(engine);
}

Bytes run(Engine& engine, std::uint8_t value) {
  std::ranges::fill(engine.input(0), value);
  REQUIRE(engine.invoke().has_value());
  const auto output = engine.output(0);
  return {output.begin(), output.end()};
}

void refuse(const Bytes& file, Errc expected, std::string_view text) {
  const auto model = read_model(file);
  REQUIRE_FALSE(model.has_value());
  CHECK(model.error().code == expected);
  CHECK(model.error().message().find(text) != std::string::npos);
}

}  // namespace

TEST_CASE("variables: a value is kept from one run to the next, until a reset") {
  for (const auto isa : isas_here()) {
    CAPTURE(std::string(name_of(isa)));
    const auto engine = engine_of(write_model(delay()), isa);
    for (int again = 0; again < 2; ++again) {
      CHECK(run(*engine, 7) == Bytes(4, 0xfd));  // the zero point
      CHECK(run(*engine, 9) == Bytes(4, 7));
      CHECK(run(*engine, 9) == Bytes(4, 9));
      engine->reset();
    }
    CHECK(engine->memory().arena_bytes >= 4);
    CHECK(engine->operators().size() == 3);
  }
}

TEST_CASE("variables: CALL_ONCE gives the first values") {
  const auto second = initialiser();
  const auto file = write_model(delay_with_initialiser(), &second);
  for (const auto isa : isas_here()) {
    const auto engine = engine_of(file, isa);
    CHECK(run(*engine, 7) == Bytes(initial.begin(), initial.end()));
    CHECK(run(*engine, 9) == Bytes(4, 7));
    engine->reset();
    CHECK(run(*engine, 9) == Bytes(initial.begin(), initial.end()));
  }
}

TEST_CASE("variables: a model that uses them wrongly is refused") {
  auto no_handle = delay();
  no_handle.operators.erase(no_handle.operators.begin());
  no_handle.inputs = {0, 1};
  refuse(write_model(no_handle), Errc::bad_model, "VAR_HANDLE");

  auto no_value = delay();
  no_value.operators.back().inputs.pop_back();
  refuse(write_model(no_value), Errc::bad_model, "missing operand");

  const auto second = initialiser();
  auto late = delay_with_initialiser();
  std::rotate(late.operators.begin(), late.operators.begin() + 1, late.operators.end());
  refuse(write_model(late, &second), Errc::unsupported_option, "after a variable is used");

  refuse(write_model(delay_with_initialiser()), Errc::bad_model, "subgraph 1 of 1");

  auto computes = initialiser();
  computes.operators.front().code = Code::call_once;
  computes.operators.front().outputs.clear();
  computes.operators.front().options = CallOnceOptions{1};
  computes.tensors[0].data = initial;
  refuse(write_model(delay_with_initialiser(), &computes), Errc::unsupported_option, "CALL_ONCE");

  auto other_size = initialiser();
  other_size.tensors[1].shape = {1, 3};
  other_size.tensors[1].data = ByteSpan(initial).first(3);
  refuse(write_model(delay_with_initialiser(), &other_size), Errc::bad_model,
         "4 bytes for a variable of 3");
}

TEST_CASE("variables: one that nothing assigns has no size to read") {
  auto only_read = delay();
  only_read.operators.pop_back();
  auto model = read_model(write_model(only_read));
  REQUIRE(model.has_value());
  const auto engine =
      make_reference_engine(std::make_shared<const Model>(*std::move(model)), {Isa::scalar, 1});
  REQUIRE_FALSE(engine.has_value());
  CHECK(engine.error().code == Errc::bad_model);
}

}  // namespace aiot::inference
