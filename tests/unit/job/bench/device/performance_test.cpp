#include "virtual_lab.hpp"

using namespace aiot;
using namespace aiot::bench;
using namespace aiot::bench::test;
using namespace std::chrono_literals;

namespace {

OpenDeviceReport measured(const std::vector<std::string>& faults, Recorder* recorder = nullptr) {
  LabOptions options;
  options.faults = faults;
  VirtualLab lab(options);
  lab.request.phases.performance = true;
  OpenDeviceReport report = lab.run();
  if (recorder != nullptr) *recorder = lab.recorder;
  return report;
}

std::string cause_of(const OpenDeviceReport& report) {
  const Value* comparison = report.fields.find("comparison");
  if (comparison == nullptr) return "no comparison";
  const Value* cause = comparison->object()->find("cause");
  return cause == nullptr ? "" : *cause->string();
}

}  // namespace

TEST_CASE("five windows of ten seconds of the device's clock, and its results are the model's") {
  LabOptions options;
  VirtualLab lab(options);
  lab.request.phases.performance = true;
  const OpenDeviceReport report = lab.run();
  REQUIRE_MESSAGE(!report.error, report.error->message());
  const Object& performance = lab.object(report, "performance");
  CHECK(lab.number(performance, "median_per_second") ==
        doctest::Approx(1000 / 14.0).epsilon(0.001));
  CHECK(lab.number(performance, "spread") < 0.001);
  CHECK(lab.number(performance, "repeated") == 0);
  CHECK(std::abs(lab.number(performance, "clock_error")) < 0.001);
  const Array& windows = *performance.find("windows")->array();
  REQUIRE(windows.size() == 5);
  for (const Value& window : windows) {
    CHECK(lab.number(*window.object(), "seconds") >= 10);
    CHECK(lab.number(*window.object(), "seconds") < 10.5);
  }
  const Object& comparison = lab.object(report, "comparison");
  CHECK(lab.number(comparison, "compared") == 5);
  CHECK(lab.number(comparison, "equal") == 5);
  CHECK(*report.fields.find("model")->string() == "kws01");
  CHECK(!lab.recorder.noticed("bench.device_clock"));
}

TEST_CASE("calibration uploads its input once, and once more after something went wrong") {
  for (const char* fault : {"", "lose-reply@infer/2", "reboot@infer/2"}) {
    LabOptions options;
    if (*fault != '\0') options.faults = {fault};
    VirtualLab lab(options);
    lab.request.phases.performance = true;
    const OpenDeviceReport report = lab.run();
    REQUIRE_MESSAGE(!report.error, fault << ": " << report.error->message());
    // And once for each of the five windows.
    CHECK_MESSAGE(lab.device->counters().uploads == (*fault == '\0' ? 6 : 7), fault);
    CHECK(lab.number(lab.object(report, "comparison"), "equal") == 5);
  }
}

TEST_CASE("what goes wrong once while windows are measured is mended, and said") {
  for (const char* fault : {"lose-reply@infer/4", "lose@infer/3", "reboot@infer/5",
                            "cut-reply@infer/4", "lose@data/30:4", "stall@data/20:5s",
                            "corrupt@data/30", "reboot@data/40", "garbage@infer/4"}) {
    Recorder recorder;
    const OpenDeviceReport report = measured({fault}, &recorder);
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
    const OpenDeviceReport report = lab.run();
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
  const OpenDeviceReport report = lab.run();
  REQUIRE_MESSAGE(!report.error, report.error->message());
  CHECK(lab.number(lab.object(report, "performance"), "latency_us") ==
        doctest::Approx(100e6).epsilon(0.001));
}

TEST_CASE("a clock that goes round in a window") {
  const OpenDeviceReport report = measured({"clock-wrap:25s"});
  REQUIRE_MESSAGE(!report.error, report.error->message());
  const Object& performance = *report.fields.find("performance")->object();
  const auto* median = std::get_if<double>(&performance.find("median_per_second")->storage());
  REQUIRE(median != nullptr);
  CHECK(*median == doctest::Approx(1000 / 14.0).epsilon(0.001));
}

TEST_CASE("a device whose clock is off is told") {
  Recorder recorder;
  const OpenDeviceReport report = measured({"clock-fast:1.05"}, &recorder);
  REQUIRE_MESSAGE(!report.error, report.error->message());
  CHECK(recorder.noticed("bench.device_clock"));
}

TEST_CASE("a line on which nothing gets through for good ends in an error") {
  for (const char* fault : {"lose-reply@infer/3:always", "reboot@infer:always",
                            "lose@data/30:4:always", "lose@load:always"}) {
    const OpenDeviceReport report = measured({fault});
    REQUIRE_MESSAGE(report.error, fault);
    CHECK_MESSAGE(report.error->stable_code().starts_with("energyrunner."), fault);
    CHECK(!report.step.empty());
  }
}

TEST_CASE("results that are not the model's are told apart") {
  struct Case {
    const char* fault;
    const char* cause;
    const char* words;
  };
  for (const Case& one :
       {Case{"wrong-rounding", "kernel", "output"}, Case{"wrong-output:3", "kernel", "output 3 of"},
        Case{"wrong-input", "quantisation", "one step too high"},
        Case{"wrong-scale:1.1", "quantisation", "scale"}}) {
    const OpenDeviceReport report = measured({one.fault});
    REQUIRE_MESSAGE(report.error, one.fault);
    CHECK_MESSAGE(report.error->stable_code() == "bench.outputs_differ", one.fault);
    CHECK_MESSAGE(report.error->condition() == Condition::mismatch, one.fault);
    CHECK_MESSAGE(cause_of(report) == one.cause, one.fault << ": " << report.error->message());
    CHECK_MESSAGE(report.error->message().find(one.words) != std::string::npos,
                  one.fault << ": " << report.error->message());
    // The figures are there all the same.
    CHECK(report.fields.find("performance") != nullptr);
  }
}

TEST_CASE("another model than the device's is refused before it is measured") {
  LabOptions options;
  VirtualLab lab(options);
  lab.request.phases.performance = true;
  lab.request.model = "ad";
  const OpenDeviceReport report = lab.run();
  REQUIRE(report.error);
  CHECK(report.error->stable_code() == "bench.wrong_model");
  CHECK(lab.clock.elapsed() < 10s);
}

TEST_CASE("without a model the inputs have the benchmark's size, and nothing is compared") {
  LabOptions options;
  VirtualLab lab(options);
  lab.request.phases.performance = true;
  lab.request.model = "";
  const OpenDeviceReport report = lab.run();
  REQUIRE_MESSAGE(!report.error, report.error->message());
  CHECK(report.fields.find("comparison") == nullptr);
}

TEST_CASE("a run that is stopped ends soon, in an error of its own") {
  LabOptions options;
  VirtualLab lab(options);
  lab.request.phases.performance = true;
  const OpenDeviceReport report = lab.run_until(20s);
  REQUIRE(report.error);
  CHECK(report.error->stable_code() == "bench.cancelled");
  CHECK(lab.clock.elapsed() < 25s);
}
