#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "aiot/value.hpp"
#include "inference/engine.hpp"
#include "inference/peak.hpp"
#include "job/bench/evaluate.hpp"
#include "job/bench/machine.hpp"
#include "job/bench/measure.hpp"
#include "job/bench/spoiled.hpp"
#include "job/bench/statistics.hpp"

/// What a benchmark found, before it is written down.
namespace aiot::bench {

/// One operator and its median time.
struct OperatorTime {
  inference::OperatorInfo info;
  Nanoseconds time{0};
  double share = 0;  ///< of the sum of all operators' times
};

/// Against an earlier result.
struct Comparison {
  bool baseline_spoiled = false;  ///< the baseline's machine was not quiet
  double p50_before_us = 0;
  double p50_change = 0;  ///< 0.09: 9 % slower
  std::uint64_t memory_before_bytes = 0;
  double memory_change = 0;
  bool slower = false, larger = false;  ///< by more than the limit
  std::optional<bool> same_outputs;     ///< not known for a baseline of another model or engine
  std::vector<std::string> worse;       ///< what is beyond the limit, in words; empty: nothing
  std::vector<std::string> differs;     ///< why the two are not really comparable
};

struct ModelResult {
  Subject subject;
  std::string engine;  ///< "reference avx2"
  std::vector<inference::TensorInfo> inputs, outputs;
  std::uint64_t macs = 0;
  bool float_model = false;  ///< its multiplications are of floats
  inference::MemoryUse memory;
  std::uint64_t peak_rss_bytes = 0;
  WarmUp warm_up;
  Summary latency;
  std::vector<Bin> histogram;
  Nanoseconds clock_cost{0};
  Usage usage;
  std::vector<Reason> spoiled;
  std::vector<OperatorTime> operators;  ///< empty when they were not profiled
  std::string output_sha256;            ///< of all outputs for the seeded inputs
  std::optional<Evaluation> accuracy;
  std::optional<Comparison> comparison;
  bool complete = false;

  /// Inferences a second at the median; 0 when none was measured.
  double median_per_s() const;
  /// Inferences a second over the whole time of measuring: all of them, and what lay between.
  double reached_per_s() const;
};

struct RunResult {
  std::chrono::system_clock::time_point time;  ///< when it began
  Setup setup;
  std::string isa;  ///< of the reference engine; "" where the engine chooses
  Machine machine;
  std::optional<inference::Peak> peak;  ///< the roofs of the roofline, for one thread
  std::vector<ModelResult> models;
  bool cut_short = false;  ///< a stop, or the end of the time, left models out

  bool complete() const;
};

/// MACs a second at the median time; 0 where nothing is multiplied.
double macs_per_s(std::uint64_t macs, Nanoseconds time);
/// The roof that bounds this model's multiplications, of as many threads as it used.
double roof_macs_per_s(const RunResult& run, const ModelResult& model);

/// "2026-11-24T10:05:00Z"
std::string time_text(std::chrono::system_clock::time_point time);

/// Schema "aiot.bench.run/1".
Record record_of(const RunResult& run);
/// One model of it.
Object fields_of(const RunResult& run, const ModelResult& model);

}  // namespace aiot::bench
