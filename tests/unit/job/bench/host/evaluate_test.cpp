#include "job/bench/host/accuracy.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <map>
#include <thread>

#include "inference/error.hpp"
#include "job/bench/host/error.hpp"
#include "scripted_engine.hpp"

namespace aiot::bench {
namespace {

using inference::TensorInfo;
using inference::Type;
using test::ScriptedEngine;

/// Files in memory, with labels.
struct Room {
  std::map<std::string, Bytes> files;
  EvaluationData data;
  std::stop_source stop;
  Room() {
    data.read = [this](const std::string& file) -> Result<Bytes> { return files.at(file); };
  }
  void add(const std::string& file, Bytes bytes, Label label) {
    label.file = file;
    files[file] = std::move(bytes);
    data.labels.push_back(std::move(label));
  }
  Result<Evaluation> run(const EngineFactory& engines, unsigned workers = 1) {
    return evaluate(data, engines, workers, stop.get_token(), nullptr);
  }
};

/// Its output is its input.
EngineFactory echo(std::size_t bytes) {
  return [bytes]() -> Result<EnginePointer> {
    auto engine = std::make_unique<ScriptedEngine>(bytes, bytes);
    engine->answer = [](ScriptedEngine& e) { e.out[0] = e.in[0]; };
    return engine;
  };
}

Bytes signed_bytes(std::initializer_list<int> values) {
  Bytes out;
  for (const int value : values) out.push_back(static_cast<std::uint8_t>(value));
  return out;
}

Bytes floats(std::initializer_list<float> values) {
  Bytes out;
  for (const float value : values) append_le32(out, std::bit_cast<std::uint32_t>(value));
  return out;
}

TEST_CASE("the class with the highest output counts, the first of equals") {
  Room room;
  room.add("a", signed_bytes({5, -3, 2}), {.file = {}, .classes = 3, .truth = 0, .window = {}});
  room.add("b", signed_bytes({-9, -3, -128}), {.file = {}, .classes = 3, .truth = 1, .window = {}});
  room.add("c", signed_bytes({7, 1, 7}), {.file = {}, .classes = 3, .truth = 2, .window = {}});
  room.add("d", signed_bytes({0, 0, 127}), {.file = {}, .classes = 3, .truth = 2, .window = {}});
  const auto all = room.run(echo(3));
  REQUIRE(all.has_value());
  CHECK(all->files == 4);
  REQUIRE(all->confusion);
  CHECK(all->confusion->at(0, 0) == 1);
  CHECK(all->confusion->at(1, 1) == 1);
  CHECK(all->confusion->at(2, 0) == 1);  // c: 7 comes first
  CHECK(all->confusion->at(2, 2) == 1);
  CHECK(all->accuracy() == 0.75);
  CHECK(all->interval.low == doctest::Approx(wilson(3, 4).low));
  CHECK_FALSE(all->auc);
  CHECK(all->form == "int8");
}

TEST_CASE("two classes: the area under the curve of class 1's output") {
  Room room;
  const auto add = [&](const char* name, int score, std::uint32_t truth) {
    room.add(name, signed_bytes({0, score}),
             {.file = {}, .classes = 2, .truth = truth, .window = {}});
  };
  add("a", -5, 0);
  add("b", 4, 0);
  add("c", 4, 1);
  add("d", 9, 1);
  const auto all = room.run(echo(2));
  REQUIRE(all->auc);
  // Of 2 x 2 pairs three are won, and 4 against 4 is half.
  CHECK(all->auc->value == doctest::Approx(3.5 / 4));
  CHECK(all->confusion->at(0, 0) == 1);
  CHECK(all->confusion->at(0, 1) == 1);
  CHECK(all->confusion->at(1, 1) == 2);
}

TEST_CASE("one output for two classes is a probability") {
  Room room;
  room.add("a", floats({0.4F}), {.file = {}, .classes = 2, .truth = 0, .window = {}});
  room.add("b", floats({0.6F}), {.file = {}, .classes = 2, .truth = 1, .window = {}});
  const auto all = room.run([]() -> Result<EnginePointer> {
    auto engine = std::make_unique<ScriptedEngine>(4, 4);
    engine->ins[0].type = engine->outs[0].type = Type::float32;
    engine->answer = [](ScriptedEngine& e) { e.out[0] = e.in[0]; };
    return engine;
  });
  CHECK(all->accuracy() == 1);
}

// Worked out by hand. With scale 0.5 and zero point 1 the engine draws 2.2 as 2.0, and the second
// value of each window always as 0. "normal" is two windows: (0 + 4.84) / 2 and (0.04 + 0.25) / 2,
// on average 1.2825. The others are one window of 0 and x, which scores x^2 / 2.
TEST_CASE("sliding windows score by the mean squared difference to the file's own values") {
  Room room;
  const auto engines = []() -> Result<EnginePointer> {
    auto engine = std::make_unique<ScriptedEngine>(2, 2);
    engine->ins[0].scale = engine->outs[0].scale = 0.5F;
    engine->ins[0].zero_point = engine->outs[0].zero_point = 1;
    engine->answer = [](ScriptedEngine& e) {
      // It draws the first value right, and nothing for the second.
      e.out[0] = {e.in[0][0], 1};
    };
    return engine;
  };
  // Windows of two floats, a float apart: (1.0, 2.2), (2.2, 0.5).
  room.add("normal", floats({1.0F, 2.2F, 0.5F}),
           {.file = {}, .classes = 2, .truth = 0, .window = Window{8, 4}});
  const auto odd = [&](const char* name, float x) {
    room.add(name, floats({0, x}), {.file = {}, .classes = 2, .truth = 1, .window = Window{8, 4}});
  };
  odd("a little less", 1.6F);    // 1.28
  odd("a little more", 1.602F);  // 1.2832
  odd("much more", 9);
  const auto all = room.run(engines);
  REQUIRE(all.has_value());
  CHECK(all->files == 4);
  CHECK(all->windows == 5);
  CHECK(all->form == "float32, quantised");
  CHECK_FALSE(all->confusion);
  REQUIRE(all->auc);
  CHECK(all->auc->positives == 3);
  CHECK(all->auc->value == doctest::Approx(2.0 / 3));
}

TEST_CASE("of one class alone there is no area under a curve") {
  Room room;
  for (const char* name : {"a", "b"}) {
    room.add(name, signed_bytes({0, 4}), {.file = {}, .classes = 2, .truth = 1, .window = {}});
  }
  const auto all = room.run(echo(2));
  REQUIRE(all.has_value());
  CHECK(all->files == 2);
  CHECK_FALSE(all->auc);
}

TEST_CASE("the number of workers makes no difference") {
  Room room;
  for (int i = 0; i < 200; ++i) {
    room.add("f" + std::to_string(i), signed_bytes({i % 5, 2, i % 3}),
             {.file = {}, .classes = 3, .truth = static_cast<std::uint32_t>(i % 3), .window = {}});
  }
  const auto one = room.run(echo(3), 1);
  const auto many = room.run(echo(3), 7);
  REQUIRE(one.has_value());
  REQUIRE(many.has_value());
  CHECK(many->workers == 7);
  CHECK(one->confusion->right() == many->confusion->right());
  for (std::uint32_t t = 0; t < 3; ++t) {
    for (std::uint32_t p = 0; p < 3; ++p) {
      CHECK(one->confusion->at(t, p) == many->confusion->at(t, p));
    }
  }
}

TEST_CASE("files that do not fit are reported by name") {
  Room room;
  room.add("good", signed_bytes({1, 2, 3}), {.file = {}, .classes = 3, .truth = 0, .window = {}});
  room.add("short", signed_bytes({1, 2}), {.file = {}, .classes = 3, .truth = 0, .window = {}});
  const Error error = room.run(echo(3)).error();
  CHECK(error.code == Errc::data_form);
  CHECK(error.context == "short: 2 bytes for the input 1x3 of INT8");

  Room other;
  other.add("a", signed_bytes({1, 2, 3}), {.file = {}, .classes = 4, .truth = 0, .window = {}});
  CHECK(other.run(echo(3)).error().context == "a: the model has 3 classes, the labels 4");
  Room cut;
  cut.add("a", floats({1}), {.file = {}, .classes = 2, .truth = 0, .window = Window{8, 4}});
  CHECK(cut.run(echo(2)).error().context == "a: 4 bytes, less than a window");
}

TEST_CASE("an engine that cannot be made, or fails, and a stop") {
  Room room;
  room.add("a", signed_bytes({1, 2}), {.file = {}, .classes = 2, .truth = 0, .window = {}});
  CHECK(room.run([]() -> Result<EnginePointer> {
              return make_error(inference::Errc::engine_missing);
            })
            .error()
            .code == inference::Errc::engine_missing);
  CHECK(room.run([]() -> Result<EnginePointer> {
              auto engine = std::make_unique<ScriptedEngine>(2, 2);
              engine->fail_at = 0;
              return engine;
            })
            .error()
            .code == inference::Errc::engine_failed);
  room.stop.request_stop();
  const auto stopped = room.run(echo(2));
  REQUIRE(stopped.has_value());
  CHECK_FALSE(stopped->complete);
  CHECK(stopped->files == 0);
}

TEST_CASE("progress comes on the calling thread") {
  Room room;
  for (int i = 0; i < 5; ++i) {
    room.add("f" + std::to_string(i), signed_bytes({1, 2}),
             {.file = {}, .classes = 2, .truth = 0, .window = {}});
  }
  std::vector<std::uint64_t> told;
  const auto here = std::this_thread::get_id();
  const auto all = evaluate(room.data, echo(2), 1, room.stop.get_token(), [&](std::uint64_t done) {
    CHECK(std::this_thread::get_id() == here);
    told.push_back(done);
  });
  REQUIRE(all.has_value());
  CHECK(told == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
}

}  // namespace
}  // namespace aiot::bench
