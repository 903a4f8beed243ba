#include "job/bench/host/limits.hpp"

#include <fmt/format.h>

#include "job/bench/host/baseline.hpp"
#include "job/bench/host/error.hpp"

namespace aiot::bench {

std::vector<Failure> LimitCheck::failures(ModelResult& model) const {
  std::vector<Failure> failures;
  if (model.accuracy && request_.data.min_accuracy > 0) {
    if (auto error = check_accuracy(*model.accuracy)) {
      failures.push_back({model.name, "accuracy", *std::move(error)});
    }
  }
  if (auto error = check_baseline(model)) {
    failures.push_back({model.name, "compare", *std::move(error)});
  }
  return failures;
}

std::optional<Error> LimitCheck::check_baseline(ModelResult& model) const {
  if (!baseline_) return std::nullopt;
  const double limit = request_.max_regression;
  auto compared = compare(run_, model, *baseline_, limit, request_.compare_anyway);
  if (!compared) return std::move(compared).error();
  model.comparison = *std::move(compared);
  if (model.comparison->worse.empty()) return std::nullopt;
  return worse_than_baseline(*model.comparison, limit, model.disturbances.empty());
}

std::optional<Error> LimitCheck::check_accuracy(const Accuracy& found) const {
  const bool windows = !found.top1;
  if (windows && !found.auc) {
    if (found.files == 0) return std::nullopt;
    return make_error(Errc::below_minimum, "no AUC: all files are of one class",
                      "give files of both classes");
  }
  const double value = windows ? found.auc->value : found.top1->value;
  if (value >= request_.data.min_accuracy) return std::nullopt;
  return make_error(Errc::below_minimum,
                    fmt::format("{} {:.4f}, minimum {:g}", windows ? "AUC" : "accuracy", value,
                                request_.data.min_accuracy),
                    "check the confusion matrix, and how the files' bytes became inputs");
}

}  // namespace aiot::bench
