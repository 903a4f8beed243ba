#include "aiot/bench.hpp"

// What JSON and its schemas have of the results.
namespace aiot::bench {
namespace {

constexpr std::string_view sources[] = {"built-in", "file"};

void describe_tensor(FieldVisitor& v, auto& t) {
  v("name", t.name, "as the model has it");
  v("type", t.type, "such as INT8");
  v("shape", t.shape, "rows first");
  v("bytes", t.bytes, "of it");
}

}  // namespace

static void describe(FieldVisitor& v, Tensor& t) {
  describe_tensor(v, t);
  v("scale", t.scale, "real = scale * (stored - zero_point)");
  v("zero_point", t.zero_point, "the stored value of 0");
}

static void describe(FieldVisitor& v, TensorContent& t) {
  describe_tensor(v, t);
  v("sha256", t.sha256, "of its bytes");
}

static void describe(FieldVisitor& v, Bin& b) {
  v("from_us", b.from_us, "");
  v("to_us", b.to_us, "");
  v("count", b.count, "");
}

static void describe(FieldVisitor& v, Latency& l) {
  v("runs", l.runs, "that were measured");
  v("min_us", l.min_us, "the fastest");
  v("p50_us", l.p50_us, "the median; percentiles are by nearest rank");
  v("p90_us", l.p90_us, "");
  v("p99_us", l.p99_us, "");
  v("p999_us", l.p999_us, "99.9 %");
  v("percentile_error", l.percentile_error,
    "the share of itself that a percentile may be off; 0 up to 5,000,000 runs");
  v("max_us", l.max_us, "the slowest");
  v("mean_us", l.mean_us, "");
  v("stddev_us", l.stddev_us, "of the sample");
  v("clock_cost_us", l.clock_cost_us, "of reading the clock: part of every time");
  v("warm_up_runs", l.warm_up_runs, "before the first that counts");
  v("warm_up_s", l.warm_up_s, "");
  v("settled", l.settled, "the median had settled at the end of the warm-up");
  v("histogram", l.histogram, "of the latency; its last bar holds all that is slower");
}

static void describe(FieldVisitor& v, Operator& o) {
  v("index", o.index, "in the order they run");
  v("name", o.name, "such as CONV_2D");
  v("output_shape", o.output_shape, "");
  v("time_us", o.time_us, "the median of runs of its own");
  v("share", o.share, "of the sum of all operators");
  v("macs", o.macs, "multiplications with accumulation");
  v("bytes", o.bytes, "of inputs, constants and outputs, each once");
  v("gmacs_per_s", o.gmacs_per_s, "");
  v("peak_share", o.peak_share, "of what this CPU does at best");
}

static void describe(FieldVisitor& v, OperatorGroup& g) {
  v("name", g.name, "of the operator");
  v("count", g.count, "how many");
  v("time_us", g.time_us, "together");
  v("share", g.share, "");
  v("macs", g.macs, "together");
  v("gmacs_per_s", g.gmacs_per_s, "");
}

static void describe(FieldVisitor& v, Stream& s) {
  v("period_us", s.period_us, "between two inputs");
  v("share", s.share, "of the period, that the mean inference takes");
  v("late", s.late, "results that came after the next input");
  v("longest_us", s.longest_us, "from an input to its result, with the time that it waits");
  v("keeps_up", s.keeps_up, "no result was late");
}

static void describe(FieldVisitor& v, MemoryUse& m) {
  v("arena_bytes", m.arena_bytes, "for intermediate results");
  v("weights_bytes", m.weights_bytes, "constants as the engine keeps them");
  v("model_bytes", m.model_bytes, "the file");
  v("peak_rss_bytes", m.peak_rss_bytes, "the most memory that this process had while it measured");
}

static void describe(FieldVisitor& v, Conditions& c) {
  v("wall_s", c.wall_s, "duration of the measurement");
  v("thread_cpu_s", c.thread_cpu_s, "CPU time of the measuring thread");
  v("process_cpu_s", c.process_cpu_s, "CPU time of all threads");
  v("thread_cpu_share", c.thread_cpu_share, "of the time; below 1: it had to wait");
  v("preempted", c.preempted, "involuntary context switches");
  v("others_cpus", c.others_cpus, "CPUs' worth of work of other processes");
  v("others_share", c.others_share, "of the CPUs it could run on");
  v("steal_share", c.steal_share, "of the time, taken by the hypervisor");
  v("load_before", c.load_before, "load average of 1 min");
  v("load_after", c.load_after, "");
  v("mhz_before", c.mhz_before, "of the CPU it ran on");
  v("mhz_after", c.mhz_after, "");
  v("temperature_before_c", c.temperature_before_c, "of the hottest zone");
  v("temperature_after_c", c.temperature_after_c, "");
  v("throttled", c.throttled, "times that a CPU was slowed down for its heat");
}

static void describe(FieldVisitor& v, Disturbance& d) {
  v("code", d.code,
    "bench.busy, bench.crowded, bench.stolen, bench.throttled, bench.preempted or bench.frequency");
  v("message", d.message, "with figures");
  v("hint", d.hint, "what to do");
}

static void describe(FieldVisitor& v, Share& s) {
  v("value", s.value, "0 to 1");
  v("low", s.low, "of the interval");
  v("high", s.high, "of the interval");
  v("method", s.method, "of the interval");
}

static void describe(FieldVisitor& v, RocArea& a) {
  describe(v, static_cast<Share&>(a));
  v("positives", a.positives, "files of class 1");
  v("negatives", a.negatives, "files of class 0");
}

static void describe(FieldVisitor& v, Accuracy& a) {
  v("files", a.files, "that were run");
  v("windows", a.windows, "inputs that were run: more than files where these are cut");
  v("form", a.form, "how bytes became inputs");
  v("workers", a.workers, "files at once");
  v("complete", a.complete, "all files were run");
  v("right", a.right, "files whose class had the highest output");
  v("top1", a.top1, "the share that is right");
  v("confusion", a.confusion, "rows: what a file is; columns: what it was taken for");
  v("auc", a.auc, "area under the ROC curve, of two classes");
}

static void describe(FieldVisitor& v, Comparison& c) {
  v("p50_before_us", c.p50_before_us, "the baseline's median");
  v("p50_change", c.p50_change, "0.09: 9 % slower");
  v("memory_before_bytes", c.memory_before_bytes, "the baseline's arena and weights");
  v("memory_change", c.memory_change, "");
  v("baseline_spoiled", c.baseline_disturbed, "the machine of the baseline was not quiet");
  v("worse", c.worse, "what is beyond the limit");
  v("differs", c.differs, "why the two are hardly comparable");
  v("same_outputs", c.same_outputs, "for the same inputs");
}

SchemaInfo schema_of(const ModelResult&) {
  return {"aiot.bench.model/1",
          "One model that `aiotctl bench run` has measured (in `finished` of --jsonl)", false};
}

void describe(FieldVisitor& v, ModelResult& m) {
  v("name", m.name, "the file's, or that of a built-in model");
  std::string source(sources[m.file.empty() ? 0 : 1]);
  v.one_of("source", source, sources, "");
  v("sha256", m.sha256, "of the file");
  v("description", m.description, "in the file");
  v("engine", m.engine, "with its instructions");
  v("complete", m.complete, "false: stopped before all figures were measured");
  v("inputs", m.inputs, "");
  v("outputs", m.outputs, "");
  v("macs", m.macs, "of one inference");
  v("file", m.file, "as it was named", Presence::if_set);
  v("latency", m.latency, "of one inference");
  v("stream", m.stream, "of a model that is fed at a fixed period");
  v("runs_per_s", m.runs_per_s, "at the median: 1e6 / p50_us");
  v("reached_runs_per_s", m.reached_runs_per_s, "all measured runs over the whole time they took");
  v("gmacs_per_s", m.gmacs_per_s, "at the median");
  v("peak_share", m.peak_share, "of what this CPU does at best");
  v("memory", m.memory, "");
  v("output_sha256", m.output_sha256,
    "of the outputs for the same pseudo-random inputs every time");
  v("operators", m.operators, "in the order they run; empty when not profiled");
  v("groups", m.groups, "operators of one kind together, the slowest first");
  v("around", m.conditions, "the machine while it was measured");
  v("spoiled", m.disturbances, "why the figures are not this machine's best; empty: nothing found");
  v("accuracy", m.accuracy, "over the data set");
  v("comparison", m.comparison, "with the baseline");
}

namespace {

/// What ran the models.
struct EngineSetup {
  RunResult& run;
};
void describe(FieldVisitor& v, EngineSetup& e) {
  v("name", e.run.setup.engine, "reference, xnnpack or tflite");
  v("threads", e.run.setup.threads, "for each run");
  v("isa", e.run.isa, "instructions of the reference engine", Presence::if_set);
  v("cpus", e.run.setup.cpus, "it was held to; empty: any");
}

}  // namespace

static void describe(FieldVisitor& v, Machine& m) {
  v("cpu", m.cpu_model, "its name");
  v("cpus", m.cpus, "that are online");
  v("architecture", m.architecture, "such as x86_64");
  v("kernel", m.kernel, "its release");
  v("virtual", m.virtual_machine, "the CPU reports a hypervisor");
  v("governors", m.governors, "of frequency scaling, each once");
}

static void describe(FieldVisitor& v, Peak& p) {
  v("int8_gmacs_per_s", p.int8_gmacs_per_s, "");
  v("float_gmacs_per_s", p.float_gmacs_per_s, "");
  v("gb_per_s", p.gb_per_s, "read from memory");
}

SchemaInfo schema_of(const RunResult&) {
  return {"aiot.bench.run/1", "What `aiotctl bench run` has measured"};
}

void describe(FieldVisitor& v, RunResult& r) {
  v("time", r.time, "when it began: RFC 3339, UTC");
  EngineSetup engine{r};
  v("engine", engine, "what ran the models");
  v("machine", r.machine, "this one");
  v("peak", r.peak, "what one thread does at best, measured");
  v("models", r.models, "one for each");
  v("complete", r.complete, "all of them are");
}

SchemaInfo schema_of(const InferResult&) {
  return {"aiot.bench.infer/1", "What `aiotctl bench run --input` has computed"};
}

void describe(FieldVisitor& v, InferResult& r) {
  v("name", r.name, "of the model");
  v("sha256", r.sha256, "of its file");
  v("engine", r.engine, "with its instructions");
  v("inputs", r.inputs, "");
  v("outputs", r.outputs, "");
}

}  // namespace aiot::bench
