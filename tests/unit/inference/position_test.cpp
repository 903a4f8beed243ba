#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <optional>

#include "inference/engine.hpp"
#include "inference/error.hpp"
#include "inference/model/file.hpp"
#include "one_operator.hpp"

namespace aiot::inference {
namespace {

using vectors::OneOperator;
using vectors::Random;
using vectors::Shape;

Bytes int32s(const std::vector<std::int32_t>& values) {
  Bytes bytes(values.size() * 4);
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

Bytes floats(const std::vector<float>& values) {
  Bytes bytes(values.size() * 4);
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

Result<std::unique_ptr<Engine>> engine_of(Bytes file) {
  AIOT_TRY(auto model, read_model(std::move(file)));
  return make_reference_engine(std::make_shared<const Model>(std::move(model)), {});
}

/// The message of the run with that input; empty when it succeeds.
std::string run(Engine& engine, const Bytes& input) {
  std::ranges::copy(input, engine.input(0).begin());
  const auto invoked = engine.invoke();
  if (invoked) return {};
  CHECK(invoked.error().code == Errc::engine_failed);
  CHECK(!invoked.error().hint.empty());
  return invoked.error().message();
}

void check_runs(Bytes file, const std::vector<Bytes>& bad, const Bytes& good,
                std::string_view says) {
  auto made = engine_of(std::move(file));
  if (!made) FAIL(made.error().message());
  for (const auto& input : bad) {
    CHECK(run(**made, input).find(says) != std::string::npos);
    CHECK(run(**made, good) == "");  // a failed run leaves nothing behind
  }
}

std::string refusal(Bytes file) {
  const auto made = engine_of(std::move(file));
  if (made) return "accepted";
  CHECK(!made.error().hint.empty());
  return made.error().message();
}

bool says(const std::string& message, std::string_view part) {
  return message.find(part) != std::string::npos;
}

Random random_numbers(1);

}  // namespace

TEST_CASE("positions: a row that the table has not is an error of the run") {
  OneOperator op(random_numbers, Code::embedding_lookup);
  op.input(Type::int32, {2}, {});
  op.constant(Type::float32, {3, 2}, {}, floats({1, 2, 3, 4, 5, 6}));
  op.output(Type::float32, {2, 2}, {});
  check_runs(op.file(NoOptions{}), {int32s({0, 3}), int32s({-1, 0}), int32s({INT32_MIN, 0})},
             int32s({2, 0}), "EMBEDDING_LOOKUP: a row that its table has not");
}

TEST_CASE("positions: each index of GATHER_ND is held to its own dimension") {
  OneOperator op(random_numbers, Code::gather_nd);
  op.constant(Type::float32, {2, 3}, {}, floats({1, 2, 3, 4, 5, 6}));
  op.input(Type::int32, {1, 2}, {});
  op.output(Type::float32, {1}, {});
  // {0, 3} and {1, -1} lie inside the tensor's memory, but not inside its columns.
  check_runs(op.file(NoOptions{}),
             {int32s({2, 0}), int32s({0, 3}), int32s({1, -1}), int32s({INT32_MAX, INT32_MAX})},
             int32s({1, 2}), "GATHER_ND: a position outside its input");
}

TEST_CASE("positions: FLOOR_DIV by 0 and shapes that do not go together end the run") {
  OneOperator div(random_numbers, Code::floor_div);
  div.input(Type::float32, {2}, {});
  div.again();
  div.output(Type::float32, {2}, {});
  check_runs(div.file(NoOptions{}), {floats({1, 0}), floats({-0.0F, 1})}, floats({2, -3}),
             "FLOOR_DIV divides by 0");
  OneOperator args(random_numbers, Code::broadcast_args);
  args.input(Type::int32, {2}, {});
  args.constant_integers({5, 1, 4});
  args.output(Type::int32, {3}, {});
  check_runs(args.file(NoOptions{}), {int32s({1, 3}), int32s({2, 0})}, int32s({7, 4}),
             "BROADCAST_ARGS: two shapes that do not go together");
}

TEST_CASE("positions: blocks are brought inside, however far away they are") {
  OneOperator op(random_numbers, Code::dynamic_update_slice);
  op.constant(Type::int8, {4}, {{1}, {0}, 0}, {1, 2, 3, 4});
  op.constant(Type::int8, {2}, {{1}, {0}, 0}, {9, 8});
  op.input(Type::int64, {1}, {});
  op.output(Type::int8, {4}, {{1}, {0}, 0});
  auto made = engine_of(op.file(NoOptions{}));
  REQUIRE(made.has_value());
  const auto result = [&](std::int64_t at) {
    Bytes input(8);
    std::memcpy(input.data(), &at, 8);
    CHECK(run(**made, input) == "");
    const auto output = (*made)->output(0);
    return Bytes(output.begin(), output.end());
  };
  CHECK(result(1) == Bytes{1, 9, 8, 4});
  CHECK(result(3) == Bytes{1, 2, 9, 8});
  CHECK(result(INT64_MAX) == Bytes{1, 2, 9, 8});
  CHECK(result(INT64_MIN) == Bytes{9, 8, 3, 4});
}

TEST_CASE("positions: shapes that do not fit are refused before the run") {
  const auto gather = [](Shape input, Shape positions, Shape output) {
    OneOperator op(random_numbers, Code::gather_nd);
    op.input(Type::float32, std::move(input), {});
    op.input(Type::int32, std::move(positions), {});
    op.output(Type::float32, std::move(output), {});
    return refusal(op.file(NoOptions{}));
  };
  CHECK(says(gather({2, 3}, {1, 3}, {1}), "positions of 1x3 in 2x3"));
  CHECK(says(gather({2, 3}, {}, {2, 3}), "positions of scalar in 2x3"));
  CHECK(says(gather({2, 3}, {4, 1}, {4, 2}), "is 4x2, not 4x3"));

  const auto update = [](Shape whole, Shape block, Shape positions) {
    OneOperator op(random_numbers, Code::dynamic_update_slice);
    op.input(Type::int16, whole, {});
    op.input(Type::int16, std::move(block), {});
    op.input(Type::int32, std::move(positions), {});
    op.output(Type::int16, whole, {});
    return refusal(op.file(NoOptions{}));
  };
  CHECK(says(update({2, 3}, {2, 4}, {2}), "2x4 into 2x3"));
  CHECK(says(update({2, 3}, {2}, {2}), "2 into 2x3"));
  CHECK(says(update({2, 3}, {1, 1}, {3}), "is 3, not 2"));

  const auto select = [](Shape condition, Shape a, Shape b, Shape output) {
    OneOperator op(random_numbers, Code::select_v2);
    op.input(Type::boolean, std::move(condition), {});
    op.input(Type::int8, std::move(a), {});
    op.input(Type::int8, std::move(b), {});
    op.output(Type::int8, std::move(output), {});
    return refusal(op.file(NoOptions{}));
  };
  CHECK(says(select({2}, {3}, {3}, {3}), "2, 3 and 3 do not make 3"));
  CHECK(says(select({1}, {1}, {1}, {3}), "1, 1 and 1 do not make 3"));
  CHECK(says(select({4, 3}, {3}, {3}, {3}), "4x3, 3 and 3 do not make 3"));
  CHECK(says(select({1}, {1}, {1}, {1, 1, 1, 1, 1, 1, 1}), "7 dimensions"));

  OneOperator embedding(random_numbers, Code::embedding_lookup);
  embedding.input(Type::int32, {2}, {});
  embedding.input(Type::int8, {3, 2}, {{0.5F}, {4}, 0});
  embedding.output(Type::float32, {2, 2}, {});
  CHECK(says(refusal(embedding.file(NoOptions{})), "a table with zero point 4"));

  OneOperator sum(random_numbers, Code::add_n);
  sum.input(Type::int8, {2}, {{0.5F}, {4}, 0});
  sum.input(Type::int8, {2}, {{0.5F}, {5}, 0});
  sum.output(Type::int8, {2}, {{0.5F}, {5}, 0});
  CHECK(says(refusal(sum.file(NoOptions{})), "has another scale than the first"));

  OneOperator scan(random_numbers, Code::cumsum);
  scan.input(Type::float32, {2, 3}, {});
  scan.constant_integers({2});
  scan.output(Type::float32, {2, 3}, {});
  CHECK(says(refusal(scan.file(CumSumOptions{})), "axis 2 of 2"));
}

}  // namespace aiot::inference
