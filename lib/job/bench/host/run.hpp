#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "aiot/bench.hpp"
#include "job/bench/host/labels.hpp"
#include "job/bench/host/measure.hpp"
#include "job/bench/host/model.hpp"

namespace aiot::bench {

/// What a benchmark reaches outside itself; tests pass their own.
struct Environment {
  Clocks clocks;
  std::function<std::chrono::system_clock::time_point()> now;  ///< the time of day
  std::function<std::uint64_t()> preempted;  ///< involuntary context switches so far
  std::string root;  ///< below which /proc and /sys are read; "" for this machine's
  std::function<Result<NamedModel>(const std::string& word)> find;
  std::function<Result<EngineFactory>(const Setup&, const NamedModel&)> engines;
  /// Of one thread with the instructions of `setup`; nullopt where it cannot be measured.
  std::function<std::optional<Peak>(const Setup&)> peak;
};
Environment real_environment();

/// True when a layer with weights takes floats, whatever its weights are in the file.
bool multiplies_floats(const inference::Model& model);

/// Multiplications with accumulation, in 1e9 a second, that the run's threads do at best, of floats
/// or of integers; 0 when RunResult::peak was not measured.
double roof_gmacs_per_s(const RunResult& run, bool is_float);

/// The labels of a data set; Errc::bad_labels, and what reading a file can say.
Result<std::vector<Label>> read_labels(const std::string& file);

/// run() in a given environment.
Result<Report> run_in(const Environment& environment, const Request& request, EventSink& sink,
                      std::stop_token stop);

}  // namespace aiot::bench
