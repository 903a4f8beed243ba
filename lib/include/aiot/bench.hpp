#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "aiot/event.hpp"
#include "aiot/result.hpp"

/// Is the network on this device fast, right and within its budget?
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
  std::chrono::milliseconds duration{2000};  ///< of measuring, for each model
  std::chrono::milliseconds warm_up{1000};   ///< at most: it ends when the median settles
  bool profile = true;                       ///< times of single operators, in runs of their own
  bool peak = true;                          ///< measures what this CPU could do at best
  Data data;                                 ///< for one model
  std::string baseline_file;                 ///< an earlier result to compare with (JSON)
  double max_regression = 0.05;              ///< 0.05: 5 % slower or larger is still fine
  bool compare_anyway = false;               ///< also with another model, engine or machine
  std::string report_file;                   ///< .html: a page; .svg: a picture; "": neither
  std::chrono::milliseconds timeout{0};      ///< of the whole run, all models; 0: none
};

/// A model that could not be measured, or that is beyond a limit.
struct Failure {
  std::string model;
  std::string step;
  Error error;
};
struct Report {
  Record record;                  ///< schema "aiot.bench.run/1"
  std::vector<Failure> failures;  ///< in the order of the models; one may have several
  std::size_t models = 0;         ///< how many were tried
};

/// Measures each model in turn; events name the model as their device. What spoils a figure is an
/// event::Notice, and in the record. A stop ends the measurement in good order: the record has what
/// was measured so far, `complete` is false, and a failure of Condition::cancelled says so; so does
/// one of Condition::timeout when the time allowed is over. Both come between two inferences. A
/// report that could not be written in the end is a failure, of no model, of
/// Condition::not_recorded. An error when nothing was tried: the request makes no sense, a file of
/// it cannot be read, or its report cannot be written.
AIOT_API Result<Report> run(const Request& request, EventSink& sink, std::stop_token stop);

/// Raw bytes through a model, once.
struct InferRequest {
  std::string model;  ///< as in Request::models
  Setup setup;
  std::vector<Bytes> inputs;  ///< one for each input, exactly as long
};
struct Inference {
  Record record;               ///< schema "aiot.bench.infer/1"
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
