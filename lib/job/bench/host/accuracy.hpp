#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "aiot/bench.hpp"
#include "inference/engine.hpp"
#include "job/bench/host/labels.hpp"
#include "job/bench/host/measure.hpp"
#include "job/bench/host/model.hpp"

namespace aiot::bench {

/// From `low` to `high`, at 95 % confidence.
struct Interval {
  double low = 0;
  double high = 0;
};

/// Wilson's score interval for `right` of `all`: keeps its promise near 0 and 1 and for few files,
/// where the plain normal one does not (Wilson 1927, JASA 22, 209-212). {0, 1} for none.
Interval wilson(std::uint64_t right, std::uint64_t all);

/// How often a file of class `row` was taken for class `column`.
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(std::uint32_t classes);
  void add(std::uint32_t truth, std::uint32_t taken_for, std::uint64_t times = 1);
  void add(const ConfusionMatrix& other);
  std::uint32_t classes() const { return classes_; }
  std::uint64_t at(std::uint32_t truth, std::uint32_t taken_for) const;
  std::uint64_t total() const;
  std::uint64_t right() const;

 private:
  std::uint32_t classes_;
  std::vector<std::uint64_t> cells_;
};

/// A file's score and whether it belongs to the class that scores should be high for.
struct Score {
  double value = 0;
  bool positive = false;
};
/// The probability that a positive scores higher than a negative, ties counting half (the area under the
/// ROC curve, by Mann and Whitney's ranks).
struct Auc {
  double value = 0;
  /// Hanley and McNeil 1982 (Radiology 143, 29-36), cut to [0, 1]; of a value of 0 or 1, where it
  /// would have no width, Wilson's of as many trials as there are files of the rarer class.
  Interval interval;
  std::uint64_t positives = 0;
  std::uint64_t negatives = 0;
};
/// Without a positive or without a negative the value is 0.5 and the interval {0, 1}.
Auc auc(std::vector<Score> scores);

/// "float32, quantised": how a data set's bytes become an input's; "" when they do not fit.
std::string input_form(const inference::TensorInfo& input, std::size_t bytes, DataType type);

/// Fills an input with the bytes of a data set: the input's own bytes, pixels, or real values (see
/// DataType). Errc::data_form names what would fit.
Result<void> fill_input(std::span<std::uint8_t> target, const inference::TensorInfo& input,
                        ByteSpan bytes, DataType type);

/// The real values behind a tensor's bytes: float32, int8, uint8, int16 and int32. Empty for
/// others.
std::vector<float> real_values(const inference::TensorInfo& tensor, ByteSpan bytes);

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

struct EvaluationData {
  std::vector<Label> labels;
  ReadFile read;  ///< called by many threads
  DataType type = DataType::automatic;
};

/// Runs every file through engines on `workers` threads; the result does not depend on their
/// number. `progress` is called on the calling thread. Errc::bad_data or data_form names the file
/// that does not fit: the first in the list of labels that was found.
Result<Evaluation> evaluate(const EvaluationData& data, const EngineFactory& engines, unsigned workers,
                            const Ending& ending,
                            const std::function<void(std::uint64_t files)>& progress);

}  // namespace aiot::bench
