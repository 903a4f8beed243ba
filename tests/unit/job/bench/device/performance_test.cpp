#include "virtual_lab.hpp"

using namespace aiot;
using namespace aiot::bench;
using namespace aiot::bench::test;
using namespace std::chrono_literals;

namespace {

DutReport measured(const std::vector<std::string>& faults, Recorder* recorder = nullptr) {
  LabOptions options;
  options.faults = faults;
  VirtualLab lab(options);
  lab.request.phases.performance = true;
  DutReport report = lab.run();
  if (recorder != nullptr) *recorder = lab.recorder;
  return report;
}

std::string cause_of(const DutReport& report) {
  if (!report.result.comparison) return "no comparison";
  const std::optional<Cause> cause = report.result.comparison->cause;
  return cause ? std::string(name_of(*cause)) : "";
}

}  // namespace

TEST_CASE("five windows of ten seconds of the device's clock, and its results are the model's") {
  LabOptions options;
  VirtualLab lab(options);
  lab.request.phases.performance = true;
  const DutReport report = lab.run();
  REQUIRE_MESSAGE(!report.error, report.error->message());
  REQUIRE(report.result.performance.has_value());
  const auto& performance = *report.result.performance;
  CHECK(performance.median_per_second ==
        doctest::Approx(1000 / 14.0).epsilon(0.001));
  CHECK(performance.spread < 0.001);
  CHECK(performance.repeated == 0);
  CHECK(std::abs(performance.clock_error.value()) < 0.001);
  const std::vector<PerformanceWindow>& windows = performance.windows;
  REQUIRE(windows.size() == 5);
  for (const PerformanceWindow& window : windows) {
    CHECK(window.seconds >= 10);
    CHECK(window.seconds < 10.5);
  }
  REQUIRE(report.result.comparison.has_value());
  const OutputComparison& comparison = *report.result.comparison;
  CHECK(comparison.compared == 5);
  CHECK(comparison.equal == 5);
  CHECK(report.result.model == "kws01");
  CHECK(!lab.recorder.noticed("bench.device_clock"));
}

TEST_CASE("calibration uploads its input once, and once more after something went wrong") {
  for (const char* fault : {"", "lose-reply@infer/2", "reboot@infer/2"}) {
    LabOptions options;
    if (*fault != '\0') options.faults = {fault};
    VirtualLab lab(options);
    lab.request.phases.performance = true;
    const DutReport report = lab.run();
    REQUIRE_MESSAGE(!report.error, fault << ": " << report.error->message());
    // And twice for each of the five windows: for the inference that is compared, too.
    CHECK_MESSAGE(lab.device->counters().uploads == (*fault == '\0' ? 11 : 12), fault);
    CHECK(report.result.comparison.value().equal == 5);
  }
}

TEST_CASE("what goes wrong once while windows are measured is mended, and said") {
  for (const char* fault : {"lose-reply@infer/4", "lose@infer/3", "reboot@infer/5",
                            "cut-reply@infer/4", "lose@data/30:4", "stall@data/20:5s",
                            "corrupt@data/30", "reboot@data/40", "garbage@infer/4"}) {
    Recorder recorder;
    const DutReport report = measured({fault}, &recorder);
    REQUIRE_MESSAGE(!report.error, fault << ": " << report.error->message());
    CHECK_MESSAGE(cause_of(report).empty(), fault);
    if (std::string_view(fault) != "garbage@infer/4") {
      CHECK_MESSAGE(recorder.noticed("bench.mended"), fault);
    }
  }
}

TEST_CASE("the first inference's reply is lost: it is asked for again before long") {
  for (const char* fault : {"cut-reply@infer", "lose-reply@infer", "lose@infer"}) {
    LabOptions options;
    options.faults = {fault};
    VirtualLab lab(options);
    lab.request.phases.performance = true;
    lab.request.windows = 1;
    const DutReport report = lab.run();
    REQUIRE_MESSAGE(!report.error, fault << ": " << report.error->message());
    CHECK_MESSAGE(lab.recorder.noticed("bench.mended"), fault);
    CHECK_MESSAGE(lab.clock.elapsed() < 70s, fault);
  }
}

TEST_CASE("a device that takes minutes for an inference is waited for") {
  LabOptions options;
  options.latency = 100s;
  VirtualLab lab(options);
  lab.request.phases.performance = true;
  lab.request.windows = 1;
  const DutReport report = lab.run();
  REQUIRE_MESSAGE(!report.error, report.error->message());
  CHECK(report.result.performance.value().latency_us ==
        doctest::Approx(100e6).epsilon(0.001));
}

TEST_CASE("a clock that goes round in a window") {
  const DutReport report = measured({"clock-wrap:25s"});
  REQUIRE_MESSAGE(!report.error, report.error->message());
  const double median = report.result.performance.value().median_per_second;
  CHECK(median == doctest::Approx(1000 / 14.0).epsilon(0.001));
}

TEST_CASE("a device whose clock is off is reported") {
  Recorder recorder;
  const DutReport report = measured({"clock-fast:1.05"}, &recorder);
  REQUIRE_MESSAGE(!report.error, report.error->message());
  CHECK(recorder.noticed("bench.device_clock"));
}

TEST_CASE("a line on which nothing gets through for good ends in an error") {
  for (const char* fault : {"lose-reply@infer/3:always", "reboot@infer:always",
                            "lose@data/30:4:always", "lose@load:always"}) {
    const DutReport report = measured({fault});
    REQUIRE_MESSAGE(report.error, fault);
    CHECK_MESSAGE(report.error->stable_code().starts_with("energyrunner."), fault);
    CHECK(!report.step.empty());
  }
}

TEST_CASE("a firmware whose arena overwrites its input has the model's results") {
  const DutReport report = measured({"forgets-input"});
  REQUIRE_MESSAGE(!report.error, report.error->message());
  CHECK(report.result.comparison.value().equal == 5);
}

TEST_CASE("a device whose inference never ends costs half a minute and five") {
  LabOptions options;
  options.faults = {"lose-reply@infer:always"};
  VirtualLab lab(options);
  lab.request.phases.performance = true;
  const DutReport report = lab.run();
  REQUIRE(report.error);
  CHECK(report.error->stable_code() == "energyrunner.no_answer");
  CHECK(lab.clock.elapsed() > 5min);
  CHECK(lab.clock.elapsed() < 6min);
}

TEST_CASE("results that are not the model's have a cause") {
  struct Case {
    const char* fault;
    const char* cause;
    const char* words;
  };
  for (const Case& one :
       {Case{"wrong-rounding", "kernel", "output"}, Case{"wrong-output:3", "kernel", "output 3 of"},
        Case{"wrong-input", "quantisation", "one step too high"},
        Case{"wrong-scale:1.1", "quantisation", "scale"},
        Case{"wrong-scale:1.05", "quantisation", "each result is 1.05"},
        Case{"wrong-scale:0.9", "quantisation", "scale"}}) {
    const DutReport report = measured({one.fault});
    REQUIRE_MESSAGE(report.error, one.fault);
    CHECK_MESSAGE(report.error->stable_code() == "bench.outputs_differ", one.fault);
    CHECK_MESSAGE(report.error->condition() == Condition::mismatch, one.fault);
    CHECK_MESSAGE(cause_of(report) == one.cause, one.fault << ": " << report.error->message());
    CHECK_MESSAGE(report.error->message().find(one.words) != std::string::npos,
                  one.fault << ": " << report.error->message());
    // The figures are there all the same.
    CHECK(report.result.performance.has_value());
  }
}

TEST_CASE("another model than the device's is refused before it is measured") {
  LabOptions options;
  VirtualLab lab(options);
  lab.request.phases.performance = true;
  lab.request.model = "ad";
  const DutReport report = lab.run();
  REQUIRE(report.error);
  CHECK(report.error->stable_code() == "bench.wrong_model");
  CHECK(lab.clock.elapsed() < 10s);
}

TEST_CASE("without a model the inputs have the benchmark's size, and nothing is compared") {
  LabOptions options;
  VirtualLab lab(options);
  lab.request.phases.performance = true;
  lab.request.model = "";
  const DutReport report = lab.run();
  REQUIRE_MESSAGE(!report.error, report.error->message());
  CHECK(!report.result.comparison);
}

TEST_CASE("a run that is stopped ends soon, in an error of its own") {
  LabOptions options;
  VirtualLab lab(options);
  lab.request.phases.performance = true;
  const DutReport report = lab.run_until(20s);
  REQUIRE(report.error);
  CHECK(report.error->stable_code() == "bench.cancelled");
  CHECK(lab.clock.elapsed() < 25s);
}
