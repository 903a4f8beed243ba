#include "job/bench/host/run.hpp"

#include <doctest/doctest.h>

#include "../../../image/temporary_folder.hpp"
#include "inference/error.hpp"
#include "job/bench/host/error.hpp"
#include "scripted_engine.hpp"

namespace aiot::bench {
namespace {

using namespace std::chrono_literals;
using aiot::test::TemporaryFolder;

/// Remembers what was events, in short: "started kws", "step kws measure".
struct Events final : EventSink {
  std::vector<std::string> lines;
  void on_event(const Event& event) override {
    std::visit([this](const auto& e) { take(e); }, event);
  }
  void take(const event::Started& e) { lines.push_back("started " + e.device); }
  void take(const event::Step& e) { lines.push_back("step " + e.device + " " + e.name); }
  void take(const event::Notice& e) { lines.push_back("notice " + e.device + " " + e.code); }
  void take(const event::Finished& e) { lines.push_back("finished " + e.device); }
  void take(const event::Failed& e) { lines.push_back("failed " + e.device + " " + e.step); }
  template <class Other>
  void take(const Other&) {}
};

/// A quiet machine of files, models that are scripted, time that is virtual.
struct Room {
  TemporaryFolder root;
  test::VirtualTime time;
  Events events;
  std::stop_source stop;
  std::function<void(const std::string& model, test::ScriptedEngine&)> script =
      [](const std::string&, test::ScriptedEngine&) {};
  Request request;

  Room() {
    write_stat(1000);
    root.put("proc/cpuinfo", std::string_view("model name : A CPU\n"));
    request.models = {"a"};
    request.runs = 100;
    request.peak = true;
  }
  void write_stat(unsigned busy_ticks) const {
    root.put("proc/stat",
             "cpu  0 0 0 0\ncpu0 " + std::to_string(busy_ticks) + " 0 0 5000 0 0 0 0\n");
  }
  Environment environment() {
    Environment s;
    s.clocks = time.clocks();
    s.now = [] { return std::chrono::system_clock::time_point(1'700'000'000s); };
    s.preempted = [] { return std::uint64_t{0}; };
    s.root = root.path();
    s.find = [](const std::string& word) -> Result<NamedModel> {
      if (word == "missing") return make_error(Errc::no_model, word, "name another");
      NamedModel subject;
      subject.name = word;
      subject.sha256 = "hash of " + word;
      return subject;
    };
    s.engines = [this](const Setup&, const NamedModel& subject) -> Result<EngineFactory> {
      return EngineFactory([this, name = subject.name]() -> Result<EnginePointer> {
        auto engine = std::make_unique<test::ScriptedEngine>(2, 2);
        engine->time = &time;
        engine->ops = {{"CONV_2D", {1, 2}, 4000, 100}, {"SOFTMAX", {1, 2}, 0, 4}};
        engine->op_times = {300ns, 100ns};
        script(name, *engine);
        return engine;
      });
    };
    s.peak = [](const Setup&) { return std::optional(Peak{80, 40, 10}); };
    return s;
  }
  Result<Report> run() { return run_in(environment(), request, events, stop.get_token()); }
};

const ModelResult& model_of(const Report& report, std::size_t index = 0) {
  return report.result.models.at(index);
}

using Lines = std::vector<std::string>;

TEST_CASE("a model from its start to its record") {
  Room room;
  const auto report = room.run();
  REQUIRE(report.has_value());
  CHECK(report->failures.empty());
  CHECK(room.events.lines == Lines{"started a", "step a load", "step a warm up", "step a measure",
                                   "step a profile", "finished a"});
  CHECK(Document(report->result).schema() == "aiot.bench.run/1");
  const RunResult& all = report->result;
  CHECK(all.time == "2023-11-14T22:13:20Z");
  CHECK(all.machine.cpu_model == "A CPU");
  CHECK(all.peak->int8_gmacs_per_s == 80);
  CHECK(all.complete);
  const ModelResult& model = model_of(*report);
  CHECK(model.latency.runs == 100);
  CHECK(model.latency.p50_us == 1);
  CHECK(model.runs_per_s == doctest::Approx(1e6));
  CHECK(model.macs == 4000);
  // 4000 MACs in 1 us are 4 G a second, of 80.
  CHECK(model.gmacs_per_s == doctest::Approx(4));
  CHECK(model.peak_share.value() == doctest::Approx(0.05));
  CHECK(model.memory.arena_bytes == 1000);
  const std::vector<Operator>& operators = model.operators;
  REQUIRE(operators.size() == 2);
  CHECK(operators[0].time_us == doctest::Approx(0.6));
  CHECK(operators[0].share == doctest::Approx(0.75));
  CHECK_FALSE(operators[1].peak_share);
  CHECK(model.disturbances.empty());
}

TEST_CASE("the rate at the median, and the one that was reached") {
  Room room;
  room.request.warm_up = 0ms;
  room.script = [](const std::string&, test::ScriptedEngine& e) {
    // Of 100 runs that are measured one takes 101 us, the others 1 us: 200 us in all.
    e.takes = [](std::uint64_t run) { return run == 50 ? 101us : 1us; };
  };
  const auto report = room.run();
  const ModelResult& model = model_of(*report);
  CHECK(model.runs_per_s == doctest::Approx(1e6));
  CHECK(model.reached_runs_per_s == doctest::Approx(500e3));
}

TEST_CASE("a stream: inputs differ, the state begins fresh once, and late results are counted") {
  Room room;
  room.request.runs = 0;
  room.request.stream = 10;
  room.request.period = 20ms;
  struct Seen {
    std::vector<Bytes> inputs;
    std::uint64_t first = 0;
  } seen;
  room.script = [&](const std::string&, test::ScriptedEngine& engine) {
    // From the seventh measured run on one takes longer than the period.
    engine.takes = [&](std::uint64_t run) -> Nanoseconds {
      if (engine.resets == 1 && seen.first == 0) seen.first = run;
      const bool slow = seen.first != 0 && run == seen.first + 6;
      return slow ? Nanoseconds(45ms) : Nanoseconds(5ms);
    };
    engine.answer = [&](test::ScriptedEngine& e) {
      if (seen.first != 0 && seen.inputs.size() < 10) seen.inputs.push_back(e.in[0]);
    };
  };
  room.request.profile = false;
  const auto report = room.run();
  REQUIRE(report.has_value());
  REQUIRE(report->result.models.size() == 1);
  const ModelResult& model = report->result.models[0];
  CHECK(model.latency.runs == 10);
  REQUIRE(model.stream.has_value());
  CHECK(model.stream->period_us == 20'000);
  CHECK(model.stream->share == doctest::Approx(0.45));
  // The run of 45 ms is late, and makes the next one wait until after its successor came.
  CHECK(model.stream->late == 2);
  CHECK(model.stream->longest_us == 45'000);
  CHECK_FALSE(model.stream->keeps_up);
  CHECK(std::ranges::count(room.events.lines, "notice a bench.late") == 1);
  REQUIRE(seen.inputs.size() == 10);
  CHECK(seen.inputs[0] != seen.inputs[1]);
  CHECK(seen.inputs[8] != seen.inputs[9]);
}

TEST_CASE("fresh state: it is forgotten before each run") {
  Room room;
  room.request.fresh_state = true;
  room.request.profile = false;
  std::uint64_t resets = 0;
  room.script = [&](const std::string&, test::ScriptedEngine& engine) {
    engine.answer = [&](test::ScriptedEngine& e) { resets = e.resets; };
  };
  REQUIRE(room.run().has_value());
  CHECK(resets == 100);
}

TEST_CASE("the hash is that of the outputs for the same inputs every time") {
  // SHA-256 of the bytes 0x00 0x00: Python's hashlib.sha256(bytes(2)).
  Room room;
  const auto report = room.run();
  CHECK(model_of(*report).output_sha256 ==
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7");
  Room echo;
  echo.script = [](const std::string&, test::ScriptedEngine& e) {
    e.answer = [](test::ScriptedEngine& self) { self.out[0] = self.in[0]; };
  };
  const auto first = model_of(*echo.run()).output_sha256;
  CHECK(first == model_of(*echo.run()).output_sha256);
  CHECK(first != model_of(*report).output_sha256);
}

TEST_CASE("a machine that others use meanwhile: in the result, and a notice") {
  Room room;
  room.script = [&](const std::string&, test::ScriptedEngine& e) {
    e.takes = [&](std::uint64_t run) {
      // 100 runs of 10 ms are a second; others' work is as much again as the CPU has.
      if (run > 50) room.write_stat(1000 + 150);
      return 10ms;
    };
  };
  const auto report = room.run();
  REQUIRE(report.has_value());
  const std::vector<Disturbance>& found = model_of(*report).disturbances;
  REQUIRE(found.size() == 1);
  CHECK(found[0].code == "bench.busy");
  CHECK(std::count(room.events.lines.begin(), room.events.lines.end(), "notice a bench.busy") == 1);
}

TEST_CASE("one model fails, the next goes on") {
  Room room;
  room.request.models = {"a", "b"};
  room.script = [](const std::string& name, test::ScriptedEngine& e) {
    if (name == "a") e.fail_at = 60;
  };
  const auto report = room.run();
  REQUIRE(report.has_value());
  CHECK(report->models == 2);
  REQUIRE(report->failures.size() == 1);
  CHECK(report->failures[0].model == "a");
  CHECK(report->failures[0].error.code == inference::Errc::engine_failed);
  CHECK(report->result.models.size() == 1);
}

TEST_CASE("an engine that fails at each step is reported with its step") {
  // Runs: one for the hash, then the warm-up until it settles, then 100 measured, then the profile.
  const auto step_at = [](std::uint64_t run) {
    Room room;
    room.request.warm_up = 0ms;
    room.script = [&](const std::string&, test::ScriptedEngine& e) { e.fail_at = run; };
    const auto report = room.run();
    REQUIRE(report->failures.size() == 1);
    CHECK(room.events.lines.back() == "failed a " + report->failures[0].step);
    return report->failures[0].step;
  };
  CHECK(step_at(0) == "load");
  CHECK(step_at(1) == "warm up");
  CHECK(step_at(2) == "measure");
  CHECK(step_at(101) == "measure");
  CHECK(step_at(102) == "profile");
}

TEST_CASE("a stop ends it with what was measured so far") {
  Room room;
  room.request.models = {"a", "b"};
  room.request.warm_up = 0ms;
  room.script = [&](const std::string&, test::ScriptedEngine& e) {
    e.takes = [&](std::uint64_t run) {
      if (run == 40) room.stop.request_stop();
      return 1us;
    };
  };
  const auto report = room.run();
  REQUIRE(report.has_value());
  REQUIRE(report->failures.size() == 1);
  CHECK(report->failures[0].error.condition() == Condition::cancelled);
  CHECK(report->result.models.size() == 1);
  CHECK(model_of(*report).latency.runs == 39);
  CHECK_FALSE(model_of(*report).complete);
  CHECK_FALSE(report->result.complete);
}

TEST_CASE("the end of the time allowed is reported with its step") {
  struct Case {
    const char* step;
    const char* words;
    std::chrono::milliseconds timeout;
    std::size_t measured;  ///< models in the record
    bool profile = true;
  };
  // A run takes 1 ms: one for the hash, some until the median settles, then 100 and the profile.
  for (const Case& one : {Case{"load", "one inference takes longer than that", 1ms, 0},
                          Case{"warm up", "the model was still warming up", 20ms, 0},
                          Case{"measure", "runs were measured", 240ms, 1},
                          Case{"profile", "operators were being timed", 302ms, 1}}) {
    Room room;
    room.request.models = {"a", "b"};
    room.request.timeout = one.timeout;
    room.script = [](const std::string&, test::ScriptedEngine& e) {
      e.takes = [](std::uint64_t) { return 1ms; };
    };
    const auto report = room.run();
    REQUIRE(report.has_value());
    REQUIRE_MESSAGE(report->failures.size() == 1, one.step);
    const Failure& failure = report->failures[0];
    CHECK(failure.model == "a");
    CHECK(failure.step == one.step);
    CHECK(failure.error.code == Errc::out_of_time);
    CHECK(failure.error.condition() == Condition::timeout);
    CHECK_MESSAGE(failure.error.context.find(one.words) != std::string::npos,
                  failure.error.context);
    CHECK(failure.error.hint.starts_with("allow more time"));
    CHECK(report->result.models.size() == one.measured);
    CHECK_FALSE(report->result.complete);
    // It ends with the inference that is under way.
    CHECK(room.time.now - 1ms - one.timeout < 1ms);
    CHECK(room.events.lines.back() == std::string("failed a ") + one.step);
  }
}

TEST_CASE("time that suffices changes nothing, and what came first is measured in whole") {
  Room room;
  room.request.timeout = 10s;
  CHECK(room.run()->failures.empty());
  Room two;
  two.request.models = {"a", "b", "c"};
  two.request.warm_up = 0ms;
  two.request.timeout = 150ms;
  two.script = [](const std::string&, test::ScriptedEngine& e) {
    e.takes = [](std::uint64_t) { return 1ms; };
    e.ops.clear();
  };
  const auto report = two.run();
  REQUIRE(report->failures.size() == 1);
  CHECK(report->failures[0].model == "b");
  CHECK(model_of(*report, 0).complete);
  CHECK_FALSE(model_of(*report, 1).complete);
  CHECK(report->result.models.size() == 2);
  CHECK_FALSE(report->result.complete);
}

TEST_CASE("the end of the time in the middle of a data set") {
  const TemporaryFolder data;
  data.put("a.bin", std::string_view("\x05\x01"));
  const std::string labels =
      data.put("y_labels.csv", std::string_view("a.bin,2,0\na.bin,2,1\na.bin,2,0\n"));
  Room room;
  room.request.warm_up = 0ms;
  room.request.runs = 5;
  room.request.profile = false;
  room.request.data.folder = data.path();
  room.request.data.labels_file = labels;
  room.request.data.workers = 1;
  room.request.timeout = 9ms;  // seven runs, and two files
  room.script = [](const std::string&, test::ScriptedEngine& e) {
    e.takes = [](std::uint64_t) { return 1ms; };
  };
  const auto report = room.run();
  REQUIRE(report->failures.size() == 1);
  CHECK(report->failures[0].step == "accuracy");
  CHECK(report->failures[0].error.code == Errc::out_of_time);
  CHECK(report->failures[0].error.context == "2 of 3 files were run");
  CHECK(model_of(*report).accuracy->files == 2);
  CHECK_FALSE(model_of(*report).accuracy->complete);
}

TEST_CASE("accuracy with a limit") {
  const TemporaryFolder data;
  data.put("a.bin", std::string_view("\x05\x01"));
  data.put("b.bin", std::string_view("\x05\x01"));
  const std::string labels = data.put("y_labels.csv", std::string_view("a.bin,2,0\nb.bin,2,1\n"));
  Room room;
  room.request.warm_up = 0ms;  // time stands still in this test
  room.request.data.folder = data.path();
  room.request.data.labels_file = labels;
  room.request.data.min_accuracy = 0.5;
  room.script = [](const std::string&, test::ScriptedEngine& e) {
    e.time = nullptr;  // workers run at once
    e.answer = [](test::ScriptedEngine& self) { self.out[0] = self.in[0]; };
  };
  const auto fine = room.run();
  REQUIRE(fine.has_value());
  CHECK(fine->failures.empty());
  CHECK(model_of(*fine).accuracy->top1->value == 0.5);
  room.request.data.min_accuracy = 0.51;
  const auto below = room.run();
  REQUIRE(below->failures.size() == 1);
  CHECK(below->failures[0].error.code == Errc::below_minimum);
  CHECK(below->failures[0].error.condition() == Condition::mismatch);
  room.request.data.labels_file = data.put("c.csv", std::string_view("../a.bin,2,0"));
  CHECK(room.run().error().code == Errc::bad_labels);
  room.request.data.labels_file = data.put("d.csv", std::string_view("none.bin,2,0"));
  CHECK(room.run()->failures.at(0).step == "accuracy");
}

TEST_CASE("a baseline that is faster") {
  Room room;
  constexpr std::string_view earlier =
      R"({"schema":"aiot.bench.run/1","data":{"engine":{"name":"other","threads":1},
      "machine":{"cpu":"A CPU"},"models":[{"name":"a","sha256":"hash of a","complete":true,
      "latency":{"p50_us":0.9},"memory":{"arena_bytes":1000,"weights_bytes":2000},
      "output_sha256":"x"}]}})";
  room.request.setup.engine = "other";
  room.request.baseline_file = room.root.put("earlier.json", earlier);
  room.request.max_regression = 0.2;
  const auto report = room.run();
  REQUIRE(report->failures.size() == 1);
  CHECK(report->failures[0].error.code == Errc::worse);
  // 1 us is within 20 % of 0.9; the outputs are others.
  CHECK(report->failures[0].error.context == "the outputs for the same inputs differ");
  CHECK(model_of(*report).comparison->p50_change == doctest::Approx(1 / 0.9 - 1));
  room.request.max_regression = 0.1;
  CHECK(room.run()->failures[0].error.context.starts_with("the median is 1.00 µs, 11.1 % above"));
}

TEST_CASE("a missed accuracy and a baseline that is better: both are reported") {
  const TemporaryFolder data;
  data.put("a.bin", std::string_view("\x05\x01"));
  Room room;
  room.request.warm_up = 0ms;
  room.request.data.folder = data.path();
  room.request.data.labels_file = data.put("y_labels.csv", std::string_view("a.bin,2,1\n"));
  room.request.data.min_accuracy = 0.5;
  constexpr std::string_view earlier =
      R"({"schema":"aiot.bench.run/1","data":{"engine":{"name":"other","threads":1},
      "machine":{"cpu":"A CPU"},"models":[{"name":"a","sha256":"hash of a","complete":true,
      "latency":{"p50_us":0.5},"memory":{"arena_bytes":1000,"weights_bytes":2000},
      "output_sha256":"x"}]}})";
  room.request.setup.engine = "other";
  room.request.baseline_file = room.root.put("earlier.json", earlier);
  room.script = [&](const std::string&, test::ScriptedEngine& e) {
    e.answer = [](test::ScriptedEngine& self) { self.out[0] = self.in[0]; };
  };
  room.request.data.workers = 1;
  const auto report = room.run();
  REQUIRE(report.has_value());
  REQUIRE(report->failures.size() == 2);
  CHECK(report->failures[0].error.code == Errc::below_minimum);
  CHECK(report->failures[1].error.code == Errc::worse);
  CHECK(report->failures[1].error.context.starts_with("the median is 1.00 µs, 100.0 % above"));
  CHECK(model_of(*report).comparison->p50_before_us == 0.5);
  // A model ends once.
  CHECK(std::count(room.events.lines.begin(), room.events.lines.end(), "failed a accuracy") == 1);
  CHECK(std::count(room.events.lines.begin(), room.events.lines.end(), "failed a compare") == 0);
}

TEST_CASE("a baseline whose machine was not quiet is events, and stands in the result") {
  Room room;
  constexpr std::string_view earlier =
      R"({"schema":"aiot.bench.run/1","data":{"engine":{"name":"other","threads":1},
      "machine":{"cpu":"A CPU"},"models":[{"name":"a","sha256":"hash of a","complete":true,
      "latency":{"p50_us":1},"memory":{"arena_bytes":1000,"weights_bytes":2000},
      "spoiled":[{"code":"bench.busy"}],"output_sha256":
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"}]}})";
  room.request.setup.engine = "other";
  room.request.baseline_file = room.root.put("earlier.json", earlier);
  const auto report = room.run();
  REQUIRE(report.has_value());
  CHECK(report->failures.empty());
  CHECK(model_of(*report).comparison->baseline_disturbed);
  CHECK(std::count(room.events.lines.begin(), room.events.lines.end(),
                   "notice a bench.baseline_spoiled") == 1);
}

TEST_CASE("requests that are contradictory") {
  const auto refused = [](auto&& change) {
    Room room;
    change(room.request);
    const auto report = room.run();
    REQUIRE(report.has_error());
    CHECK(room.events.lines.empty());
    return report.error().code;
  };
  CHECK(refused([](Request& r) { r.models = {"a", "a"}; }) == Errc::bad_request);
  CHECK(refused([](Request& r) { r.models = {"missing"}; }) == Errc::no_model);
  CHECK(refused([](Request& r) { r.data.folder = "x"; }) == Errc::bad_request);
  CHECK(refused([](Request& r) { r.data.min_accuracy = 0.5; }) == Errc::bad_request);
  CHECK(refused([](Request& r) {
          r.models = {"a", "b"};
          r.data.folder = r.data.labels_file = "x";
        }) == Errc::bad_request);
  CHECK(refused([](Request& r) { r.runs = most_runs + 1; }) == Errc::bad_request);
  CHECK(refused([](Request& r) { r.period = 20ms; }) == Errc::bad_request);
  CHECK(refused([](Request& r) { r.stream = 5; }) == Errc::bad_request);  // and 100 runs
  CHECK(refused([](Request& r) { r.setup.cpus = {8000}; }) == Errc::pin_failed);
}

TEST_CASE("models of one name differ by how they were named") {
  Room room;
  room.request.models = {"x/a", "y/a"};
  Environment s = room.environment();
  s.find = [](const std::string&) -> Result<NamedModel> {
    NamedModel subject;
    subject.name = "a";
    return subject;
  };
  const auto report = run_in(s, room.request, room.events, room.stop.get_token());
  REQUIRE(report.has_value());
  CHECK(model_of(*report, 0).name == "a");
  CHECK(model_of(*report, 1).name == "y/a");
}

}  // namespace
}  // namespace aiot::bench
