#include "render/schema_parts.hpp"

namespace aiot::cli::render {
namespace {

Fields tensor_fields() {
  return {text("name", "as the model has it"),
          text("type", "such as INT8"),
          list("shape", "rows first", {whole("", "")}),
          whole("bytes", "of it"),
          optional(number("scale", "real = scale * (stored - zero_point)")),
          optional(whole("zero_point", "the stored value of 0"))};
}

Fields latency_fields() {
  return {whole("runs", "that were measured"),
          number("min_us", "the fastest"),
          number("p50_us", "the median; percentiles are by nearest rank"),
          number("p90_us", ""),
          number("p99_us", ""),
          number("p999_us", "99.9 %"),
          number("percentile_error",
                 "the share of itself that a percentile may be off; 0 up to 5,000,000 runs"),
          number("max_us", "the slowest"),
          number("mean_us", ""),
          number("stddev_us", "of the sample"),
          number("clock_cost_us", "of reading the clock: part of every time"),
          whole("warm_up_runs", "before the first that counts"),
          number("warm_up_s", ""),
          yes_no("settled", "the median had settled by then"),
          list("histogram", "of the latency; its last bar holds all that is slower",
               {number("from_us", ""), number("to_us", ""), whole("count", "")})};
}

Fields around_fields() {
  return {number("wall_s", "how long was measured"),
          number("thread_cpu_s", "CPU time of the measuring thread"),
          number("process_cpu_s", "CPU time of all threads"),
          number("thread_cpu_share", "of the time; below 1: it was kept waiting"),
          whole("preempted", "times it was taken off its CPU"),
          number("others_cpus", "CPUs' worth of other processes' work meanwhile"),
          number("others_share", "of the CPUs it could run on"),
          number("steal_share", "of the time, given to others by the hypervisor"),
          optional(number("load_before", "load average of 1 min")),
          optional(number("load_after", "")),
          optional(number("mhz_before", "of the CPU it ran on")),
          optional(number("mhz_after", "")),
          optional(number("temperature_before_c", "of the hottest zone")),
          optional(number("temperature_after_c", "")),
          optional(whole("throttled", "times that a CPU was slowed for its heat"))};
}

Fields operator_fields() {
  return {whole("index", "in the order they run"),
          text("name", "such as CONV_2D"),
          list("output_shape", "", {whole("", "")}),
          number("time_us", "the median of runs of its own"),
          number("share", "of the sum of all operators"),
          whole("macs", "multiplications with accumulation"),
          whole("bytes", "of inputs, constants and outputs, each once"),
          number("gmacs_per_s", ""),
          optional(number("peak_share", "of what this CPU does at best"))};
}

Fields group_fields() {
  return {text("name", "of the operator"), whole("count", "how many"),
          number("time_us", "together"),   number("share", ""),
          whole("macs", "together"),       number("gmacs_per_s", "")};
}

Fields share_fields(Fields more) {
  Fields fields = {number("value", "0 to 1"), number("low", "of the interval"),
                   number("high", "of the interval"), text("method", "of the interval")};
  for (Field& field : more) fields.push_back(std::move(field));
  return fields;
}

Fields accuracy_fields() {
  return {whole("files", "that were run"),
          whole("windows", "inputs that were run: more than files where these are cut"),
          text("form", "how bytes became inputs"),
          whole("workers", "files at once"),
          yes_no("complete", "all files were run"),
          optional(whole("right", "files whose class had the highest output")),
          optional(object("top1", "the share that is right", share_fields({}))),
          optional(list("confusion", "rows: what a file is; columns: what it was taken for",
                        {list("", "", {whole("", "")})})),
          optional(object("auc", "area under the ROC curve, of two classes",
                          share_fields({whole("positives", "files of class 1"),
                                        whole("negatives", "files of class 0")})))};
}

Fields model_fields() {
  return {text("name", "the file's, or that of a built-in model"),
          one_of("source", "", {"built-in", "file"}),
          optional(text("file", "as it was named")),
          text("sha256", "of the file"),
          text("description", "what the file says of itself"),
          text("engine", "with its instructions"),
          yes_no("complete", "false: stopped before the figures were whole"),
          list("inputs", "", tensor_fields()),
          list("outputs", "", tensor_fields()),
          whole("macs", "of one inference"),
          object("latency", "of one inference", latency_fields()),
          number("runs_per_s", "at the median: 1e6 / p50_us"),
          number("reached_runs_per_s", "all measured runs over the whole time they took"),
          number("gmacs_per_s", "at the median"),
          optional(number("peak_share", "of what this CPU does at best")),
          object("memory", "",
                 {whole("arena_bytes", "for what is computed"),
                  whole("weights_bytes", "constants as the engine keeps them"),
                  whole("model_bytes", "the file"),
                  whole("peak_rss_bytes", "the most that this process had in memory meanwhile")}),
          text("output_sha256", "of the outputs for the same pseudo-random inputs every time"),
          list("operators", "in the order they run; empty when not profiled", operator_fields()),
          list("groups", "operators of one kind together, the slowest first", group_fields()),
          object("around", "the machine while it was measured", around_fields()),
          list("spoiled", "why the figures are not this machine's best; empty: nothing found",
               {text("code",
                     "bench.busy, bench.stolen, bench.throttled, bench.preempted or "
                     "bench.frequency"),
                text("message", "with figures"), text("hint", "what to do")}),
          optional(object("accuracy", "over the data set", accuracy_fields())),
          optional(object("comparison", "with the baseline",
                          {number("p50_before_us", "the baseline's median"),
                           number("p50_change", "0.09: 9 % slower"),
                           whole("memory_before_bytes", "the baseline's arena and weights"),
                           number("memory_change", ""),
                           yes_no("baseline_spoiled", "the baseline's machine was not quiet"),
                           optional(yes_no("same_outputs", "for the same inputs")),
                           words("worse", "what is beyond the limit"),
                           words("differs", "why the two are hardly comparable")}))};
}

Schema run() {
  return {"aiot.bench.run/1",
          "What `aiotctl bench run` has measured",
          true,
          {text("time", "when it began: RFC 3339, UTC"),
           object("engine", "what ran the models",
                  {text("name", "reference, xnnpack or tflite"), whole("threads", "for each run"),
                   optional(text("isa", "instructions of the reference engine")),
                   list("cpus", "it was held to; empty: any", {whole("", "")})}),
           object("machine", "this one",
                  {text("cpu", "its name"), whole("cpus", "that are online"),
                   text("architecture", "such as x86_64"), text("kernel", "its release"),
                   yes_no("virtual", "a hypervisor is below"),
                   words("governors", "of frequency scaling, each once")}),
           optional(object("peak", "what one thread does at best, measured",
                           {number("int8_gmacs_per_s", ""), number("float_gmacs_per_s", ""),
                            number("gb_per_s", "read from memory")})),
           list("models", "one for each", model_fields()), yes_no("complete", "all of them are")}};
}

Fields raw_fields() {
  return {text("name", "as the model has it"), text("type", "such as INT8"),
          list("shape", "", {whole("", "")}), whole("bytes", "of it"),
          text("sha256", "of its bytes")};
}

}  // namespace

std::vector<Schema> bench_schemas() {
  return {run(),
          {"aiot.bench.model/1",
           "One model that `aiotctl bench run` has measured (in `finished` of --jsonl)", false,
           model_fields()},
          {"aiot.bench.infer/1",
           "What `aiotctl bench run --input` has computed",
           true,
           {text("name", "of the model"), text("sha256", "of its file"),
            text("engine", "with its instructions"), list("inputs", "", raw_fields()),
            list("outputs", "", raw_fields())}}};
}

}  // namespace aiot::cli::render
