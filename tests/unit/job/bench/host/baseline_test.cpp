#include "job/bench/host/baseline.hpp"

#include <doctest/doctest.h>

#include "job/bench/host/error.hpp"

namespace aiot::bench {
namespace {

/// As `bench run --json` writes it, cut to what is read.
constexpr std::string_view document = R"({"schema":"aiot.bench.run/1","version":"0.1.0","ok":true,
"exit":0,"data":{"engine":{"name":"reference","threads":1,"isa":"avx2","cpus":[]},
"machine":{"cpu":"AMD EPYC","cpus":2},"models":[{"name":"kws.tflite","sha256":"aa",
"latency":{"runs":100,"p50_us":50},"memory":{"arena_bytes":1000,"weights_bytes":3000},
"complete":true,"output_sha256":"bb","spoiled":[]}],"complete":true},"errors":[],"notices":[]})";

struct Today {
  RunResult run;
  ModelResult model;
  Today() {
    run.isa = "avx2";
    run.machine.cpu_model = "AMD EPYC";
    model.name = "kws.tflite";
    model.sha256 = "aa";
    model.latency.p50_us = 50;
    model.memory.arena_bytes = 1000;
    model.memory.weights_bytes = 3000;
    model.output_sha256 = "bb";
  }
  Result<Comparison> compared(double limit = 0.05, bool anyway = false) const {
    const auto baseline = parse_baseline(document);
    REQUIRE(baseline.has_value());
    return compare(run, model, *baseline, limit, anyway);
  }
};

TEST_CASE("nothing has changed") {
  const auto c = Today().compared();
  REQUIRE(c.has_value());
  CHECK(c->p50_change == 0);
  CHECK(c->memory_change == 0);
  CHECK(c->same_outputs == true);
  CHECK(c->worse.empty());
}

TEST_CASE("slower by more than is allowed") {
  Today today;
  today.model.latency.p50_us = 52.5;
  CHECK(today.compared(0.0501)->worse.empty());
  const auto c = today.compared(0.04);
  CHECK(c->p50_change == doctest::Approx(0.05));
  CHECK(c->worse == std::vector<std::string>{"the median is 52.50 µs, 5.0 % above 50.00 µs"});
  today.model.latency.p50_us = 25;
  CHECK(today.compared(0)->worse.empty());
}

TEST_CASE("larger, and other answers") {
  Today today;
  today.model.memory.arena_bytes = 2000;
  today.model.output_sha256 = "cc";
  const auto c = today.compared();
  CHECK(c->worse == std::vector<std::string>{"arena and weights are 4.9 KiB, 25.0 % above 3.9 KiB",
                                             "the outputs for the same inputs differ"});
}

TEST_CASE("what is not comparable is refused, and says what differs") {
  const auto refused = [](auto&& change) {
    Today today;
    change(today);
    const auto c = today.compared();
    REQUIRE(c.has_error());
    CHECK(c.error().code == Errc::not_comparable);
    CHECK(today.compared(0.05, true).has_value());
    return c.error().context;
  };
  CHECK(refused([](Today& t) { t.run.setup.engine = "xnnpack"; }) ==
        "engine: reference then, xnnpack now");
  CHECK(refused([](Today& t) { t.run.isa = "scalar"; }) == "instructions: avx2 then, scalar now");
  CHECK(refused([](Today& t) { t.run.setup.threads = 2; }) == "threads: 1 then, 2 now");
  CHECK(refused([](Today& t) { t.run.machine.cpu_model = "Cortex-A72"; }) ==
        "CPU: AMD EPYC then, Cortex-A72 now");
  CHECK(refused([](Today& t) { t.model.sha256 = "dd"; }) ==
        "it has no model with these bytes (kws.tflite)");
}

TEST_CASE("another model compared all the same: its outputs are not judged") {
  Today today;
  today.model.sha256 = "dd";
  today.model.output_sha256 = "cc";
  const auto c = today.compared(0.05, true);
  REQUIRE(c.has_value());
  CHECK_FALSE(c->same_outputs);
  CHECK(c->worse.empty());
  CHECK(c->differs == std::vector<std::string>{"the model's bytes"});
}

TEST_CASE("what is no earlier result says what is missing") {
  const auto wrong = [](std::string text) {
    const auto baseline = parse_baseline(text);
    REQUIRE(baseline.has_error());
    CHECK(baseline.error().code == Errc::bad_baseline);
    return baseline.error().context;
  };
  const auto without = [&](std::string_view from, std::string_view to) {
    std::string text(document);
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return wrong(text.replace(at, from.size(), to));
  };
  CHECK(wrong("") == "it is no JSON document");
  CHECK(wrong("{") == "it is no JSON document");
  CHECK(wrong("[]") == "it has no schema");
  CHECK(wrong(R"({"schema":"aiot.flash/1"})") == "its schema is aiot.flash/1");
  CHECK(without("\"models\"", "\"modals\"") == "it has no data.models");
  CHECK(without("\"p50_us\":50", "\"p50_us\":\"50\"") == "its data.models[0].latency.p50_us is no number");
  CHECK(without("\"p50_us\":50", "\"p50_us\":-1") ==
        "a model of it: its latency.p50_us is out of range");
  CHECK(without("\"p50_us\":50", "\"p50_us\":1e300") ==
        "a model of it: its latency.p50_us is out of range");
  CHECK(without("\"sha256\":\"aa\"", "\"sha256\":5") == "its data.models[0].sha256 is no string");
  CHECK(without("\"p50_us\"", "\"p50\"") ==
        "a model of it: its latency.p50_us is 0, which nothing can be compared with");
  CHECK(without("\"sha256\":\"aa\"", "\"sha\":5") == "a model of it: it has no sha256");
  CHECK(without("\"output_sha256\"", "\"output\"") == "a model of it: it has no output_sha256");
  CHECK(without("\"name\":\"kws.tflite\",", "") == "a model of it: it has no name");
  CHECK(without("\"threads\":1,", "") == "it has no data.engine.threads");
  CHECK(without("\"name\":\"reference\",", "") == "it has no data.engine.name");
  CHECK(without("\"name\":\"reference\"", "\"name\":null") == "its data.engine.name is no string");
  CHECK(without("\"models\":[{", "\"models\":[5,{") == "its data.models[0] is no object");
}

TEST_CASE("a baseline that means nothing is refused, and says why") {
  const auto changed = [](std::string_view from, std::string_view to) {
    std::string text(document);
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    const auto baseline = parse_baseline(text.replace(at, from.size(), to));
    REQUIRE(baseline.has_error());
    CHECK(baseline.error().code == Errc::bad_baseline);
    CHECK_FALSE(baseline.error().hint.empty());
    return baseline.error().context;
  };
  // Each of these once made every later result "the same".
  CHECK(changed("\"p50_us\":50", "\"p50_us\":0") ==
        "a model of it: its latency.p50_us is 0, which nothing can be compared with");
  CHECK(changed("\"ok\":true", "\"ok\":false") == "it is of a run that failed (ok is false)");
  CHECK(changed("\"ok\":true", "\"ok\":1") == "its ok is neither true nor false");
  CHECK(changed("}],\"complete\":true", "}],\"complete\":false") ==
        "it was stopped before all figures were measured (data.complete is false)");
  CHECK(changed("\"complete\":true,\"output", "\"complete\":false,\"output") ==
        "a model of it: it was stopped before all figures were measured (complete is false)");
  // Memory alone may be untold, by an engine that does not know it; then it is so now, too.
  std::string text(document);
  text.replace(text.find("1000,"), 5, "0,").replace(text.find("3000"), 4, "0");
  const auto untold = parse_baseline(text);
  REQUIRE(untold.has_value());
  Today today;
  CHECK(compare(today.run, today.model, *untold, 0.05, false).error().code == Errc::bad_baseline);
  today.model.memory = {};
  CHECK(compare(today.run, today.model, *untold, 0.05, false)->memory_change == 0);
}

TEST_CASE("a baseline of a machine that was not quiet is taken, and remembered as such") {
  CHECK_FALSE(Today().compared()->baseline_disturbed);
  std::string text(document);
  text.replace(text.find("\"spoiled\":[]"), 12, R"("spoiled":[{"code":"bench.busy"}])");
  const Today today;
  const auto c = compare(today.run, today.model, *parse_baseline(text), 0.05, false);
  REQUIRE(c.has_value());
  CHECK(c->baseline_disturbed);
  CHECK(c->worse.empty());
}

TEST_CASE("what to do next depends on what is worse, and only for times on a quiet machine") {
  const auto next = [](auto&& change, bool quiet) {
    Today today;
    change(today.model);
    const Error error = worse_than_baseline(*today.compared(), 0.05, quiet);
    CHECK(error.code == Errc::worse);
    return error.hint;
  };
  const auto slower = [](ModelResult& m) { m.latency.p50_us = 60; };
  const auto larger = [](ModelResult& m) { m.memory.arena_bytes = 2000; };
  const auto other = [](ModelResult& m) { m.output_sha256 = "cc"; };
  CHECK(next(slower, false) == "the machine was not quiet: measure again when it is");
  CHECK(next(slower, true) == "5 % slower is allowed: see which operators take longer than before");
  for (const bool quiet : {false, true}) {
    CHECK(next(larger, quiet).starts_with("5 % larger is allowed: see what"));
    CHECK(next(other, quiet).starts_with("compare the outputs of one input, then and now"));
  }
}

TEST_CASE("numbers are numbers, whole or not") {
  std::string text(document);
  text.replace(text.find("\"p50_us\":50"), 11, "\"p50_us\":49.5");
  CHECK(parse_baseline(text)->models[0].latency.p50_us == 49.5);
}

}  // namespace
}  // namespace aiot::bench
