#include "aiot/bench_device.hpp"

#include "job/bench/device/compare.hpp"

// What JSON and its schemas have of the results.
namespace aiot::bench {
namespace {

constexpr std::string_view modes[] = {"performance", "energy"};
constexpr std::string_view boundaries[] = {"edges", "laps"};
constexpr std::string_view causes[] = {"upload", "quantisation", "kernel", "unsteady", "count"};

}  // namespace

std::string_view name_of(Cause cause) { return causes[static_cast<std::size_t>(cause)]; }

static void describe(FieldVisitor& v, MonitorResult& m) {
  v("kind", m.kind, "lpm01a or joulescope");
  v("name", m.name, "its words");
  v("version", m.version, "of its firmware");
  v("millivolts", m.millivolts, "that it supplies; 0: none");
  v("samples_per_s", m.samples_per_s, "0: its own rate");
}

static void describe(FieldVisitor& v, PerformanceWindow& w) {
  v("inferences", w.inferences, "in the window");
  v("seconds", w.seconds, "of the device's clock");
  v("per_second", w.per_second, "of them");
  v("host_seconds", w.host_seconds, "the same as it arrived here");
}

static void describe(FieldVisitor& v, Performance& p) {
  v("median_per_second", p.median_per_second, "of the windows");
  v("latency_us", p.latency_us, "of one inference, by that median");
  v("spread", p.spread, "of the windows: (most - least) / median");
  v("repeated", p.repeated, "windows that were too short, and measured again");
  v("windows", p.windows, "in the order they were measured");
  v("clock_error", p.clock_error,
    "how far the device's clock is from this machine's: 0.01 is 1 % fast");
}

static void describe(FieldVisitor& v, DutAccuracy& a) {
  v("files", a.files, "that were inferred");
  v("complete", a.complete, "these are as many as the benchmark has");
  v("positives", a.positives, "files of class 1, where there may be an AUC");
  v("negatives", a.negatives, "files of class 0");
  v("auc", a.auc, "area under the ROC curve; none of files of one class");
  v("right", a.right, "of them");
  v("top1", a.top1, "0 to 1");
  v("interval_low", a.interval_low, "at 95 % confidence");
  v("interval_high", a.interval_high, "");
  v("limit", a.limit, "of the benchmark");
}

static void describe(FieldVisitor& v, EnergyWindow& w) {
  v("inferences", w.inferences, "in the window");
  v("seconds", w.seconds, "of the monitor's clock");
  v("samples", w.samples, "of the monitor");
  v("microjoules_each", w.microjoules_each, "of an inference");
  v("milliwatts", w.milliwatts, "mean");
}

static void describe(FieldVisitor& v, Energy& e) {
  v("median_microjoules", e.median_microjoules, "of one inference");
  v("spread", e.spread, "of the windows: (most - least) / median");
  v("repeated", e.repeated, "windows that were too short or damaged, and measured again");
  v.choice("bounded_by", e.bounded_by, boundaries,
           "what bounds a window: edges of the device's pin, or its laps as they arrived");
  v("windows", e.windows, "in the order they were measured");
  v("samples", e.samples, "of the whole run");
  v("lost_samples", e.lost_samples, "that the monitor lost");
  v("lost_edges", e.lost_edges, "that it did not count");
  v("buffer_percent", e.buffer_percent, "how full its buffer was at most");
}

static void describe(FieldVisitor& v, OutputDifference& d) {
  v("file", d.file, "the input");
  v("output", d.output, "from 0");
  v("device", d.device, "the device's value");
  v("reference", d.reference, "the reference engine's value");
}

static void describe(FieldVisitor& v, CountDifference& d) {
  v("file", d.file, "the input");
  v("device", d.device, "results of the device");
  v("reference", d.reference, "results of the reference engine");
}

static void describe(FieldVisitor& v, OutputComparison& c) {
  v("compared", c.compared, "inferences");
  v("equal", c.equal, "to three digits");
  v("first_difference", c.first_difference, "of the first input that differs");
  v("first_count", c.first_count, "instead, where the number of results differs");
  v.choice("cause", c.cause, causes, "where the difference comes from");
  v("explanation", c.explanation, "for people", Presence::if_set);
}

SchemaInfo schema_of(const DutResult&) {
  return {"aiot.bench.device/1", "One device that `aiotctl bench device` measured", false};
}

void describe(FieldVisitor& v, DutResult& d) {
  v("monitor", d.monitor, "the power monitor");
  v("name", d.name, "its vendor's word");
  v("profile", d.profile, "of its firmware");
  v("model", d.model, "such as ic01");
  v.choice("mode", d.mode, modes, "how it reports time");
  v("baud_bps", d.baud_bps, "that it answered at; 0 on TCP");
  v("through_board", d.through_board, "the interface board is in between", Presence::if_set);
  v("performance", d.performance, "inferences a second");
  v("accuracy", d.accuracy, "over the data set");
  v("energy", d.energy, "by the power monitor");
  v("mended", d.repaired, "errors on the line that a retry repaired", Presence::if_set);
  v("comparison", d.comparison, "results against the reference engine's");
  v("results", d.files, "files that were written", Presence::if_set);
  v("seconds", d.seconds, "that all of it took", Presence::if_set);
}

SchemaInfo schema_of(const DevicesReport&) {
  return {"aiot.bench.device/1", "What `aiotctl bench device` measured"};
}

void describe(FieldVisitor& v, DevicesReport& report) {
  v("devices", report.devices, "in the order they were named");
}

}  // namespace aiot::bench
