#include "render/schema_parts.hpp"

namespace aiot::cli::render {
namespace {

Field performance() {
  return object(
      "performance", "inferences a second",
      {number("median_per_second", "of the windows"),
       number("latency_us", "of one inference, by that median"),
       number("spread", "of the windows: (most - least) / median"),
       whole("repeated", "windows that were too short, and measured again"),
       optional(number("clock_error",
                       "how far the device's clock is from this machine's: 0.01 is 1 % fast")),
       list("windows", "in the order they were measured",
            {whole("inferences", "in the window"), number("seconds", "of the device's clock"),
             number("per_second", "of them"),
             number("host_seconds", "the same as it arrived here")})});
}

Field accuracy() {
  return object(
      "accuracy", "over the data set",
      {whole("files", "that were inferred"),
       yes_no("complete", "these are as many as the benchmark has"),
       optional(whole("right", "of them")), optional(number("top1", "0 to 1")),
       optional(number("auc", "area under the ROC curve; none of one class alone")),
       optional(whole("positives", "files of class 1, where there may be an AUC")),
       optional(whole("negatives", "files of class 0")),
       optional(number("interval_low", "at 95 % confidence")),
       optional(number("interval_high", "")), optional(number("limit", "of the benchmark"))});
}

Field energy() {
  return object(
      "energy", "by the power monitor",
      {number("median_microjoules", "of one inference"),
       number("spread", "of the windows: (most - least) / median"),
       whole("repeated", "windows that were too short or damaged, and measured again"),
       one_of("bounded_by",
              "what a window lies between: edges of the device's pin, or its laps "
              "as they arrived",
              {"edges", "laps"}),
       list("windows", "in the order they were measured",
            {whole("inferences", "in the window"), number("seconds", "of the monitor's clock"),
             whole("samples", "of the monitor"), number("microjoules_each", "of an inference"),
             number("milliwatts", "in the mean")}),
       whole("samples", "of the whole run"), whole("lost_samples", "that the monitor lost"),
       whole("lost_edges", "that it did not count"),
       whole("buffer_percent", "how full its buffer was at most")});
}

Field comparison() {
  return object("comparison", "results against the reference engine's",
                {whole("compared", "inferences"), whole("equal", "to three digits"),
                 optional(object("first_difference", "of the first input that differs",
                                 {text("file", "the input"), whole("output", "from 0"),
                                  number("device", "says"), number("reference", "says")})),
                 optional(object("first_count", "instead, where the number of results differs",
                                 {text("file", "the input"), whole("device", "results it says"),
                                  whole("reference", "results there should be")})),
                 optional(one_of("cause", "where the difference comes from",
                                 {"upload", "quantisation", "kernel", "unsteady", "count"})),
                 optional(text("explanation", "for people"))});
}

}  // namespace

std::vector<Schema> bench_device_schemas() {
  return {
      {"aiot.bench.device/1",
       "What `aiotctl bench device` measured",
       true,
       {list("devices", "in the order they were named",
             {text("device", "its address"), yes_no("ok", "measured, and within its limits"),
              optional(text("name", "its vendor's word")),
              optional(text("profile", "of its firmware")), optional(text("model", "such as ic01")),
              optional(one_of("mode", "how it tells time", {"performance", "energy"})),
              optional(whole("baud_bps", "that it answered at; 0 on TCP")),
              optional(yes_no("through_board", "the interface board is in between")),
              optional(object("monitor", "the power monitor",
                              {text("kind", "lpm01a or joulescope"), text("name", "its words"),
                               text("version", "of its firmware"),
                               whole("millivolts", "that it gives; 0: none"),
                               whole("samples_per_s", "0: its own")})),
              optional(performance()), optional(accuracy()), optional(energy()),
              optional(comparison()),
              optional(whole("mended", "times something went wrong on the line")),
              optional(words("results", "files that were written")),
              optional(number("seconds", "that all of it took"))})}}};
}

}  // namespace aiot::cli::render
