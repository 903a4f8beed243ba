#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/event.hpp"
#include "aiot/result.hpp"

/// Benchmarks of neural network models on this machine.
namespace aiot::bench {

/// How a model is run.
struct Setup {
  std::string engine = "reference";  ///< of engines()
  std::string isa;                   ///< of isas(), for the reference engine; "": the fastest here
  unsigned threads = 1;              ///< 1 to 64
  std::vector<unsigned> cpus;        ///< it is held to these; empty: wherever the system puts it
};

/// What the files of a data set hold.
enum class DataType {
  automatic,  ///< float32 by their size; pixels where the input begins at -128 for 0; else as it is
  int8,       ///< the input's own bytes
  uint8,      ///< pixels: 128 is taken off for an int8 input
  float32,    ///< real values: quantised by the input's scale
};

/// Accuracy over a labelled data set, as MLPerf Tiny counts it.
struct Data {
  std::string folder;       ///< "": accuracy is not measured
  std::string labels_file;  ///< y_labels.csv: file, classes, class[, window, stride]
  DataType type = DataType::automatic;
  unsigned workers = 0;     ///< files at once, each with an engine of its own; 0: one for each CPU
  double min_accuracy = 0;  ///< 0 to 1; of the AUC for sliding windows. 0: no limit
};

struct Request {
  /// .tflite files, or names of builtin_models(); empty: all of these.
  std::vector<std::string> models;
  Setup setup;
  std::uint64_t runs = 0;                    ///< exactly so many; 0: as many as `duration` holds
  /// As `runs`, but each with an input of its own, and what the model keeps goes from one to the
  /// next: sound that comes in pieces. 0: the same input again and again.
  std::uint64_t stream = 0;
  std::chrono::milliseconds period{0};       ///< with `stream`: between two inputs; 0: not known
  bool fresh_state = false;                  ///< forgets what the model keeps before each run
  std::chrono::milliseconds duration{2000};  ///< of measuring, for each model
  std::chrono::milliseconds warm_up{1000};   ///< at most: it ends when the median settles
  bool profile = true;                       ///< times of single operators, in runs of their own
  bool peak = true;                          ///< measures what this CPU could do at best
  Data data;                                 ///< for one model
  std::string baseline_file;                 ///< an earlier result to compare with (JSON)
  double max_regression = 0.05;              ///< 0.05: 5 % slower or larger is still fine
  bool compare_anyway = false;               ///< also with another model, engine or machine
  std::chrono::milliseconds timeout{0};      ///< of the whole run, all models; 0: none
};

/// An input or an output of a model.
struct Tensor {
  std::string name;  ///< as the model has it
  std::string type;  ///< such as "INT8"
  std::vector<std::int32_t> shape;
  std::uint64_t bytes = 0;
  std::optional<double> scale;  ///< real = scale * (stored - zero_point); nullopt: not quantised
  std::optional<std::int32_t> zero_point;
};

/// Latencies from `from_us` up to, but not including, `to_us`.
struct Bin {
  double from_us = 0;
  double to_us = 0;
  std::uint64_t count = 0;
};
/// Of one inference. Percentiles are by nearest rank.
struct Latency {
  std::uint64_t runs = 0;
  double min_us = 0, p50_us = 0, p90_us = 0, p99_us = 0, p999_us = 0;
  /// The share of itself that a percentile may be off; 0 up to 5,000,000 runs. All else is exact.
  double percentile_error = 0;
  double max_us = 0, mean_us = 0;
  double stddev_us = 0;      ///< of the sample; 0 for a single run
  double clock_cost_us = 0;  ///< of reading the clock: part of every time
  std::uint64_t warm_up_runs = 0;
  double warm_up_s = 0;
  bool settled = false;  ///< the median had settled at the end of the warm-up
  std::vector<Bin> histogram;  ///< the last bin holds all that is slower
};

/// Multiplications and additions are counted as one: a MAC.
struct Operator {
  std::uint64_t index = 0;  ///< in the order they run
  std::string name;         ///< such as "CONV_2D"
  std::vector<std::int32_t> output_shape;
  double time_us = 0;  ///< the median of runs of its own
  double share = 0;    ///< of the sum of all operators' times
  std::uint64_t macs = 0;
  std::uint64_t bytes = 0;  ///< of inputs, constants and outputs, each once
  double gmacs_per_s = 0;
  std::optional<double> peak_share;  ///< of what this CPU does at best; nullopt: not measured
};
/// Operators of one kind together.
struct OperatorGroup {
  std::string name;
  std::uint64_t count = 0;
  double time_us = 0;
  double share = 0;
  std::uint64_t macs = 0;
  double gmacs_per_s = 0;
};

/// A model that is fed with a stream: whether it keeps up when inputs come at a fixed period, and
/// wait while an inference runs.
struct Stream {
  double period_us = 0;
  double share = 0;         ///< of the period, that the mean inference takes
  std::uint64_t late = 0;   ///< results that came after the next input
  double longest_us = 0;    ///< from an input to its result, with the time that it waits
  bool keeps_up = false;    ///< no result was late
};

struct MemoryUse {
  std::uint64_t arena_bytes = 0;     ///< for intermediate results
  std::uint64_t weights_bytes = 0;   ///< constants as the engine keeps them
  std::uint64_t model_bytes = 0;     ///< of the file
  std::uint64_t peak_rss_bytes = 0;  ///< the most memory that this process had while it measured
};

/// The machine during the measurement. Frequency and temperature are missing where the machine does
/// not report them.
struct Conditions {
  double wall_s = 0;
  double thread_cpu_s = 0;        ///< CPU time of the measuring thread
  double process_cpu_s = 0;       ///< CPU time of all threads
  double thread_cpu_share = 0;    ///< of the wall time; below 1: it had to wait
  std::uint64_t preempted = 0;    ///< involuntary context switches
  double others_cpus = 0;         ///< CPUs' worth of work of other processes
  double others_share = 0;        ///< of the CPUs it could run on
  double steal_share = 0;         ///< of the time, taken by the hypervisor
  std::optional<double> load_before, load_after;  ///< load average of 1 min
  std::optional<double> mhz_before, mhz_after;    ///< of the CPU it ran on
  std::optional<double> temperature_before_c, temperature_after_c;  ///< of the hottest zone
  std::optional<std::uint64_t> throttled;  ///< times that a CPU was slowed down for its heat
};
/// A reason not to trust the figures.
struct Disturbance {
  std::string code;     ///< stable: bench.busy, bench.crowded, bench.stolen, bench.throttled,
                        ///< bench.preempted, bench.frequency
  std::string message;  ///< with figures
  std::string hint;
};

/// From 0 to 1, with its interval at 95 % confidence.
struct Share {
  double value = 0;
  double low = 0;
  double high = 0;
  std::string method;  ///< of the interval
};
/// Area under the ROC curve.
struct RocArea : Share {
  std::uint64_t positives = 0;  ///< files of class 1
  std::uint64_t negatives = 0;  ///< files of class 0
};
/// Over a labelled data set, as MLPerf Tiny counts it.
struct Accuracy {
  std::uint64_t files = 0;    ///< that were run
  std::uint64_t windows = 0;  ///< inferences: more than files where these are cut into windows
  std::string form;           ///< how the bytes of a file became an input
  unsigned workers = 1;       ///< files at once
  bool complete = true;       ///< all files were run
  /// Classification: files whose class had the highest output, the first of equals.
  std::optional<std::uint64_t> right;
  std::optional<Share> top1;
  /// Rows: the class of a file; columns: the class it was taken for.
  std::optional<std::vector<std::vector<std::uint64_t>>> confusion;
  /// Of two classes; nullopt also when all files are of one class. For sliding windows a file's
  /// score is the mean squared difference between input and output.
  std::optional<RocArea> auc;
};

/// With an earlier result.
struct Comparison {
  double p50_before_us = 0;
  double p50_change = 0;  ///< 0.09: 9 % slower
  std::uint64_t memory_before_bytes = 0;
  double memory_change = 0;
  bool baseline_disturbed = false;  ///< the machine of the baseline was not quiet
  std::vector<std::string> worse;   ///< what is beyond the limit; empty: nothing
  std::vector<std::string> differs;  ///< why the two are hardly comparable
  std::optional<bool> same_outputs;  ///< nullopt for a baseline of another model or engine
};

struct ModelResult {
  std::string name;  ///< of the file without its folder, or of a built-in model
  std::string file;  ///< as the request names it; "" for a built-in model
  std::string sha256;
  std::string description;  ///< in the file
  std::string engine;       ///< "reference avx2"
  bool complete = false;    ///< false: stopped before all figures were measured
  std::vector<Tensor> inputs, outputs;
  std::uint64_t macs = 0;  ///< of one inference
  Latency latency;
  std::optional<Stream> stream;   ///< nullopt: without a period
  double runs_per_s = 0;          ///< at the median
  double reached_runs_per_s = 0;  ///< all measured runs over the whole time they took
  double gmacs_per_s = 0;         ///< at the median
  std::optional<double> peak_share;  ///< of what this CPU does at best
  MemoryUse memory;
  std::string output_sha256;         ///< of the outputs for the same pseudo-random inputs
  std::vector<Operator> operators;   ///< empty when they were not profiled
  std::vector<OperatorGroup> groups;  ///< the slowest first
  Conditions conditions;
  std::vector<Disturbance> disturbances;  ///< empty: none found
  std::optional<Accuracy> accuracy;
  std::optional<Comparison> comparison;

  // For plots; not in JSON.
  bool is_float = false;        ///< its multiplications are of floats
  double peak_gmacs_per_s = 0;  ///< of the threads it used; 0: not measured
};
AIOT_API SchemaInfo schema_of(const ModelResult&);  ///< "aiot.bench.model/1"
AIOT_API void describe(FieldVisitor& v, ModelResult& model);

/// This machine, as far as it stays as it is.
struct Machine {
  std::string cpu_model;
  std::string kernel;                  ///< release, "6.1.0-18-amd64"
  std::string architecture;            ///< "x86_64"
  unsigned cpus = 0;                   ///< online
  std::vector<std::string> governors;  ///< of frequency scaling, each once, sorted; none: unknown
  bool virtual_machine = false;        ///< the CPU reports a hypervisor
};
/// What one thread does at best, measured.
struct Peak {
  double int8_gmacs_per_s = 0;
  double float_gmacs_per_s = 0;
  double gb_per_s = 0;  ///< read from memory
};
struct RunResult {
  std::string time;  ///< when it began: RFC 3339, UTC
  Setup setup;
  std::string isa;  ///< of the reference engine; "" where the engine chooses
  Machine machine;
  std::optional<Peak> peak;
  std::vector<ModelResult> models;
  bool complete = false;  ///< all of them are
};
AIOT_API SchemaInfo schema_of(const RunResult&);  ///< "aiot.bench.run/1"
AIOT_API void describe(FieldVisitor& v, RunResult& run);

/// A model that could not be measured, or that is beyond a limit.
struct Failure {
  std::string model;
  std::string step;
  Error error;
};
struct Report {
  RunResult result;
  std::vector<Failure> failures;  ///< in the order of the models; one may have several
  std::size_t models = 0;         ///< how many were tried
};

/// Measures each model in turn; events name the model as their device, and event::Finished has its
/// ModelResult. A disturbance is an event::Notice, and in the result. A stop ends the measurement in
/// good order: the result has what was measured so far, `complete` is false, and a failure of
/// Condition::cancelled says so; so does one of Condition::timeout at the end of the time allowed.
/// Both come between two inferences. An error when nothing was tried: the request is invalid, or a
/// file of it cannot be read.
AIOT_API Result<Report> run(const Request& request, EventSink& sink, std::stop_token stop);

/// Raw bytes through a model, once.
struct InferRequest {
  std::string model;  ///< as in Request::models
  Setup setup;
  std::vector<Bytes> inputs;  ///< one for each input, exactly as long
};
/// A tensor and the bytes that went through it.
struct TensorContent {
  std::string name;
  std::string type;
  std::vector<std::int32_t> shape;
  std::uint64_t bytes = 0;
  std::string sha256;
};
struct InferResult {
  std::string name;    ///< of the model
  std::string sha256;  ///< of its file
  std::string engine;
  std::vector<TensorContent> inputs, outputs;
};
AIOT_API SchemaInfo schema_of(const InferResult&);  ///< "aiot.bench.infer/1"
AIOT_API void describe(FieldVisitor& v, InferResult& result);

struct Inference {
  InferResult result;
  std::vector<Bytes> outputs;  ///< one for each output
};
/// Condition::invalid_input for bytes that do not fit; the error names the shape and type expected.
AIOT_API Result<Inference> infer(const InferRequest& request);

/// A word that a request takes, and a line about it.
struct Choice {
  std::string name;
  std::string description;
};
AIOT_API std::vector<Choice> engines();
AIOT_API std::vector<Choice> isas();  ///< all that the library knows, the fastest first
AIOT_API std::vector<Choice> builtin_models();

}  // namespace aiot::bench
