#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aiot/bench.hpp"
#include "job/bench/accuracy.hpp"
#include "job/bench/ending.hpp"
#include "job/bench/labels.hpp"
#include "job/bench/subject.hpp"

namespace aiot::bench {

/// How right a model is on a data set.
struct Evaluation {
  std::uint64_t files = 0;
  std::uint64_t all_files = 0;  ///< of the data set: more than `files` when it was not complete
  std::uint64_t windows = 0;  ///< inputs that were run: more than files where these are cut
  std::string form;           ///< what became of the bytes, as input_form() says
  /// Of the class with the highest output, the first of equals. Not for sliding windows.
  std::optional<ConfusionMatrix> confusion;
  Interval interval;  ///< of the share that is right
  /// Of two classes: class 1 should score higher. For sliding windows the score of a file is the
  /// mean squared difference between input and output, as MLPerf Tiny scores anomalies.
  std::optional<Auc> auc;
  unsigned workers = 1;
  bool complete = true;  ///< false: the ending came first

  double accuracy() const {
    if (!confusion || confusion->total() == 0) return 0;
    return static_cast<double>(confusion->right()) / static_cast<double>(confusion->total());
  }
};

/// Gives the bytes of a file of the data set.
using ReadFile = std::function<Result<Bytes>(const std::string& file)>;

struct DataSet {
  std::vector<Label> labels;
  ReadFile read;  ///< called by many threads
  DataType type = DataType::automatic;
};

/// Runs every file through engines on `workers` threads; the result does not depend on their
/// number. `progress` is called on the calling thread. Errc::bad_data or data_form names the file
/// that does not fit: the first in the list of labels that was found.
Result<Evaluation> evaluate(const DataSet& data, const EngineFactory& engines, unsigned workers,
                            const Ending& ending,
                            const std::function<void(std::uint64_t files)>& progress);

}  // namespace aiot::bench
