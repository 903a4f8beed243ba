#pragma once

#include <optional>
#include <vector>

#include "aiot/bench.hpp"

namespace aiot::bench {

/// The limits of a request, for a model that was measured. What it is made from outlives it.
class LimitCheck {
 public:
  LimitCheck(const Request& request, const std::optional<RunResult>& baseline, const RunResult& run)
      : request_(request), baseline_(baseline), run_(run) {}

  /// All limits that the model fails; the comparison goes into the result.
  std::vector<Failure> failures(ModelResult& model) const;

 private:
  std::optional<Error> check_baseline(ModelResult& model) const;
  std::optional<Error> check_accuracy(const Accuracy& found) const;

  const Request& request_;
  const std::optional<RunResult>& baseline_;
  const RunResult& run_;
};

}  // namespace aiot::bench
