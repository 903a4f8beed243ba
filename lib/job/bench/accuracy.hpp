#pragma once

#include <cstdint>
#include <span>
#include <vector>

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
/// The chance that a positive scores higher than a negative, ties counting half (the area under the
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

}  // namespace aiot::bench
