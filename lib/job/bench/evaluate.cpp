#include "job/bench/evaluate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "job/bench/error.hpp"
#include "job/bench/tensor_bytes.hpp"

namespace aiot::bench {
namespace {

using inference::Engine;
using inference::TensorInfo;

/// What became of one file.
struct Verdict {
  bool done = false;
  std::uint32_t taken_for = 0;
  double score = 0;
  std::uint64_t windows = 0;
  std::string form;
};

Error does_not_fit(std::string what, std::string hint) {
  return make_error(Errc::bad_data, std::move(what), std::move(hint));
}

/// The class that the first output speaks for.
Result<Verdict> classify(Engine& engine, ByteSpan bytes, const Label& label, DataType type) {
  const TensorInfo& input = engine.inputs().front();
  AIOT_CHECK(fill_input(engine.input(0), input, bytes, type));
  AIOT_CHECK(engine.invoke());
  const auto outputs = real_values(engine.outputs().front(), engine.output(0));
  Verdict verdict{true, 0, 0, 1, input_form(input, bytes.size(), type)};
  if (outputs.size() == 1 && label.classes == 2) {
    verdict.score = outputs[0];
    verdict.taken_for = outputs[0] > 0.5F ? 1 : 0;
    return verdict;
  }
  if (outputs.size() != label.classes) {
    return does_not_fit(fmt::format("the model tells {} classes apart, the labels {}",
                                    outputs.size(), label.classes),
                        "name the labels of this model's data set");
  }
  const auto best = std::max_element(outputs.begin(), outputs.end());
  verdict.taken_for = static_cast<std::uint32_t>(best - outputs.begin());
  verdict.score = outputs[1];
  return verdict;
}

/// How badly an autoencoder draws what it sees, over all windows of a file; not done when the
/// ending came first.
Result<Verdict> score(Engine& engine, ByteSpan bytes, const Label& label, DataType type,
                      const Ending& ending) {
  const TensorInfo& input = engine.inputs().front();
  const TensorInfo& output = engine.outputs().front();
  const Window& window = *label.window;
  TensorInfo as_reals = input;
  as_reals.type = inference::Type::float32;
  Verdict verdict{true, 0, 0, 0, input_form(input, window.bytes, type)};
  for (std::size_t at = 0; at + window.bytes <= bytes.size(); at += window.stride) {
    if (ending.due()) return Verdict();
    const ByteSpan part = bytes.subspan(at, window.bytes);
    AIOT_CHECK(fill_input(engine.input(0), input, part, type));
    // The file's own values where it has reals, not what quantising made of them.
    const bool reals = verdict.form.starts_with("float32");
    const auto seen = reals ? real_values(as_reals, part) : real_values(input, engine.input(0));
    AIOT_CHECK(engine.invoke());
    const auto drawn = real_values(output, engine.output(0));
    if (drawn.size() != seen.size()) {
      return does_not_fit(fmt::format("{} outputs for {} inputs", drawn.size(), seen.size()),
                          "sliding windows are for models whose output is their input again");
    }
    double squares = 0;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      const double difference = static_cast<double>(drawn[i]) - static_cast<double>(seen[i]);
      squares += difference * difference;
    }
    verdict.score += squares / static_cast<double>(seen.size());
    ++verdict.windows;
  }
  if (verdict.windows == 0) {
    return does_not_fit(fmt::format("{} bytes, less than a window", bytes.size()),
                        "see that labels and files are of one data set");
  }
  verdict.score /= static_cast<double>(verdict.windows);
  return verdict;
}

/// Hands out the files, and keeps what becomes of them.
class Work {
 public:
  Work(const DataSet& data, const EngineFactory& engines, const Ending& ending)
      : data_(data), engines_(engines), ending_(ending), verdicts_(data.labels.size()) {}

  void run(const std::function<void(std::uint64_t)>& progress) {
    auto engine = engines_();
    if (!engine) return fail(0, std::move(engine).error());
    for (;;) {
      const std::size_t at = next_++;
      if (at >= verdicts_.size() || failed_ || ending_.due()) return;
      auto verdict = judge(**engine, data_.labels[at]);
      if (!verdict) return fail(at, std::move(verdict).error().with(data_.labels[at].file));
      if (!verdict->done) return;
      verdicts_[at] = *std::move(verdict);
      const std::uint64_t done = ++done_;
      if (progress) progress(done);
    }
  }
  const std::optional<Error>& error() const { return error_; }
  const std::vector<Verdict>& verdicts() const { return verdicts_; }

 private:
  Result<Verdict> judge(Engine& engine, const Label& label) const {
    AIOT_TRY(const Bytes bytes, data_.read(label.file));
    return label.window ? score(engine, bytes, label, data_.type, ending_)
                        : classify(engine, bytes, label, data_.type);
  }
  void fail(std::size_t at, Error error) {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    if (error_ && at > error_at_) return;
    error_at_ = at;
    error_ = std::move(error);
  }

  const DataSet& data_;
  const EngineFactory& engines_;
  const Ending& ending_;
  std::vector<Verdict> verdicts_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint64_t> done_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::size_t error_at_ = 0;
  std::optional<Error> error_;
};

Evaluation summed(const DataSet& data, const std::vector<Verdict>& verdicts) {
  Evaluation all;
  const std::uint32_t classes = data.labels.front().classes;
  ConfusionMatrix confusion(classes);
  std::vector<Score> scores;
  bool windows = false;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const Verdict& verdict = verdicts[i];
    const Label& label = data.labels[i];
    if (!verdict.done) {
      all.complete = false;
      continue;
    }
    ++all.files;
    all.windows += verdict.windows;
    all.form = verdict.form;
    windows = windows || label.window;
    confusion.add(label.truth, verdict.taken_for);
    scores.push_back({verdict.score, label.truth == 1});
  }
  if (classes == 2) {
    const Auc area = auc(std::move(scores));
    // Of one class alone there is no area.
    if (area.positives > 0 && area.negatives > 0) all.auc = area;
  }
  if (windows || all.files == 0) return all;
  all.interval = wilson(confusion.right(), confusion.total());
  all.confusion = std::move(confusion);
  return all;
}

}  // namespace

Result<Evaluation> evaluate(const DataSet& data, const EngineFactory& engines, unsigned workers,
                            const Ending& ending,
                            const std::function<void(std::uint64_t files)>& progress) {
  if (data.labels.empty()) return make_error(Errc::bad_labels, "no file");
  Work work(data, engines, ending);
  std::vector<std::jthread> others;
  const auto most = std::min<std::size_t>(data.labels.size(), 64);
  const std::size_t count = std::clamp<std::size_t>(workers, 1, most);
  for (std::size_t i = 1; i < count; ++i) others.emplace_back([&work] { work.run(nullptr); });
  work.run(progress);
  others.clear();
  if (work.error()) return *work.error();
  Evaluation all = summed(data, work.verdicts());
  all.all_files = data.labels.size();
  all.workers = static_cast<unsigned>(count);
  return all;
}

}  // namespace aiot::bench
