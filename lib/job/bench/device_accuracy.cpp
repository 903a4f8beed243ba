#include <fmt/format.h>

#include <algorithm>

#include "job/bench/accuracy.hpp"
#include "job/bench/device_bench.hpp"
#include "job/bench/device_error.hpp"

// Accuracy: every file of the data set once, scored as the benchmark's rules say.
namespace aiot::bench {

namespace tiny = inference::tiny;

namespace {

/// A file's results: of all its windows, the mean.
std::vector<double> mean_of(const std::vector<std::vector<double>>& all) {
  std::vector<double> out = all.front();
  for (std::size_t i = 1; i < all.size(); ++i) {
    for (std::size_t k = 0; k < std::min(out.size(), all[i].size()); ++k) out[k] += all[i][k];
  }
  for (double& value : out) value /= static_cast<double>(all.size());
  return out;
}

std::uint32_t largest(const std::vector<double>& values) {
  return static_cast<std::uint32_t>(std::ranges::max_element(values) - values.begin());
}

Error one_class(std::size_t files) {
  return make_error(DeviceErrc::one_class,
                    files == 1 ? "one file" : fmt::format("all {} files are of one class", files),
                    "give files of both classes: normal ones and anomalies");
}

}  // namespace

net::Task<void> DeviceBench::accuracy() {
  const DeviceRequest& request = context_.request();
  const DataSet& data = *resources_.data;
  const std::size_t files =
      request.files == 0 ? data.size() : std::min<std::size_t>(request.files, data.size());
  context_.step("accuracy", static_cast<double>(files) * 0.1);
  std::uint64_t right = 0;
  std::vector<Score> scores;
  const bool by_auc = task_->metric == tiny::Metric::auc || task_->reconstruction;
  for (std::size_t i = 0; i < files; ++i) {
    const Label& label = data.label(i);
    AIOT_CO_TRY(const std::vector<Bytes> uploads, data.uploads(i));
    std::vector<std::vector<double>> results;
    for (const Bytes& upload : uploads) {
      Sample sample;
      sample.name = label.file;
      if (uploads.size() > 1) sample.name += fmt::format(", window {}", results.size() + 1);
      sample.upload = upload;
      // The first upload of all shows that they arrive; those that matter are read back later.
      const bool prove = request.prove_all || (i == 0 && results.empty());
      Result<energyrunner::Inference> done =
          co_await infer(sample, 1, 0, prove ? Input::proven : Input::sent);
      if (!done) co_return std::move(done).error();
      if (each_s_ == 0 && done->device_us) each_s_ = std::max(*done->device_us * 1e-6, 1e-6);
      Result<void> compared = co_await compare(sample, done->results);
      AIOT_CO_CHECK(std::move(compared));
      results.push_back(std::move(done->results));
    }
    const std::vector<double> result = mean_of(results);
    text_.add_result(label.file, label.truth, result);
    if (by_auc) {
      // A class of the normal is 0; what is far from normal scores high.
      scores.push_back({result.front(), label.truth != 0});
    } else if (largest(result) == label.truth) {
      ++right;
    }
    context_.progress(i + 1, files, "files");
  }
  Object fields;
  fields.set("files", std::uint64_t{files});
  const std::uint32_t needed = task_->files;
  const bool whole = needed == 0 || files == needed;
  fields.set("complete", whole);
  std::optional<double> value;
  Interval interval;
  if (by_auc) {
    const Auc area = auc(std::move(scores));
    fields.set("positives", area.positives).set("negatives", area.negatives);
    // Of one class alone there is no area.
    if (area.positives > 0 && area.negatives > 0) value = area.value;
    interval = area.interval;
    if (value) fields.set("auc", *value);
  } else {
    interval = wilson(right, files);
    value = static_cast<double>(right) / static_cast<double>(files);
    fields.set("right", right).set("top1", *value);
  }
  if (value) fields.set("interval_low", interval.low).set("interval_high", interval.high);
  if (task_->metric != tiny::Metric::none) fields.set("limit", task_->target);
  text_.end_accuracy(by_auc, value, whole, context_.environment().stamp());
  context_.fields.set("accuracy", std::move(fields));
  if (!whole) {
    context_.notice("bench.files_incomplete",
                    fmt::format("{} files, the benchmark has {}", files, needed),
                    "such an accuracy cannot be submitted");
  }
  const bool limited = task_->metric != tiny::Metric::none && !request.allow_missed;
  if (!value) {
    Error none = one_class(files);
    if (limited) {
      misses_.push_back(std::move(none));
    } else {
      context_.notice(std::string(none.stable_code()), none.message(), none.hint);
    }
  } else if (limited && *value < task_->target) {
    misses_.push_back(make_error(
        DeviceErrc::accuracy_low,
        fmt::format("{} of {:.3f}, {} asks for {:.2f}", by_auc ? "an AUC" : "a top-1 accuracy",
                    *value, task_->id, task_->target),
        "see whether the results are the reference's: an upload or a quantisation may be wrong"));
  }
  co_return Result<void>();
}

}  // namespace aiot::bench
