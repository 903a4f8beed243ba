#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "aiot/bench.hpp"
#include "job/bench/baseline.hpp"
#include "job/bench/ending.hpp"
#include "job/bench/result.hpp"

namespace aiot::bench {

/// What a benchmark reaches outside itself; tests pass their own.
struct Surroundings {
  Clocks clocks;
  std::function<std::chrono::system_clock::time_point()> now;  ///< the time of day
  std::function<std::uint64_t()> preempted;  ///< involuntary context switches so far
  std::string root;  ///< below which /proc and /sys are read; "" for this machine's
  std::function<Result<Subject>(const std::string& word)> find;
  std::function<Result<EngineFactory>(const Setup&, const Subject&)> engines;
  /// Of one thread with the instructions of `setup`; nullopt where it cannot be measured.
  std::function<std::optional<inference::Peak>(const Setup&)> peak;
};
Surroundings real_surroundings();

/// A model's way through the benchmark: the step it is in, and what was found so far.
class Session {
 public:
  Session(const Surroundings& surroundings, const Request& request, const RunResult& run,
          EventSink& sink, const Ending& ending);

  /// Latency, memory, operators, and accuracy where a data set is given. When the ending comes
  /// first, the result is not complete, and step() is where it came; before any run was measured
  /// the end of the time allowed is an error, Errc::out_of_time.
  Result<ModelResult> measure(Subject subject);
  /// Where measure() was when it ended: "load", "warm up", "measure", "profile", "accuracy".
  const std::string& step() const { return step_; }

 private:
  void enter(std::string step, double weight);
  Result<void> take_latency(inference::Engine& engine, ModelResult& result);
  Result<void> take_operators(inference::Engine& engine, ModelResult& result);
  Result<void> take_accuracy(ModelResult& result);

  const Surroundings& surroundings_;
  const Request& request_;
  const RunResult& run_;
  EventSink& sink_;
  const Ending& ending_;
  std::string name_;
  std::string step_;
};

/// True when a layer with weights takes floats, whatever its weights are in the file.
bool multiplies_floats(const inference::Model& model);

/// Why a result is not complete: Errc::stopped or out_of_time, by the step it was in.
Error ended_in(const std::string& step, const Ending& ending, const ModelResult& result);

/// The labels of a data set; Errc::bad_labels, and what reading a file can say.
Result<std::vector<Label>> read_labels(const std::string& file);

/// run() in surroundings of one's own.
Result<Report> run_in(const Surroundings& surroundings, const Request& request, EventSink& sink,
                      std::stop_token stop);

}  // namespace aiot::bench
