#include "job/bench/host/accuracy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

#include "job/bench/host/error.hpp"
#include "job/bench/host/model.hpp"

namespace aiot::bench {
namespace {

/// 97.5 % of a normal distribution lie below this many standard deviations.
constexpr double z = 1.959963984540054;

}  // namespace

Interval wilson(std::uint64_t right, std::uint64_t all) {
  if (all == 0) return {0, 1};
  const auto n = static_cast<double>(all);
  const double p = static_cast<double>(right) / n;
  const double scale = 1 + z * z / n;
  const double middle = (p + z * z / (2 * n)) / scale;
  const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale;
  // None right and all right have 0 and 1 as a bound, to which rounding does not quite come.
  return {right == 0 ? 0.0 : std::max(0.0, middle - half),
          right == all ? 1.0 : std::min(1.0, middle + half)};
}

ConfusionMatrix::ConfusionMatrix(std::uint32_t classes)
    : classes_(classes), cells_(std::size_t{classes} * classes) {}

void ConfusionMatrix::add(std::uint32_t truth, std::uint32_t taken_for, std::uint64_t times) {
  cells_[std::size_t{truth} * classes_ + taken_for] += times;
}

void ConfusionMatrix::add(const ConfusionMatrix& other) {
  for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i] += other.cells_[i];
}

std::uint64_t ConfusionMatrix::at(std::uint32_t truth, std::uint32_t taken_for) const {
  return cells_[std::size_t{truth} * classes_ + taken_for];
}

std::uint64_t ConfusionMatrix::total() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t cell : cells_) sum += cell;
  return sum;
}

std::uint64_t ConfusionMatrix::right() const {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < classes_; ++i) sum += at(i, i);
  return sum;
}

Auc auc(std::vector<Score> scores) {
  Auc out;
  std::sort(scores.begin(), scores.end(),
            [](const Score& a, const Score& b) { return a.value < b.value; });
  double wins = 0;  // of a positive over a negative; a tie is half a win
  for (std::size_t i = 0; i < scores.size();) {
    std::uint64_t positives = 0;
    std::uint64_t negatives = 0;
    std::size_t same = i;
    for (; same < scores.size() && scores[same].value == scores[i].value; ++same) {
      ++(scores[same].positive ? positives : negatives);
    }
    const auto p = static_cast<double>(positives);
    wins += p * static_cast<double>(out.negatives) + p * static_cast<double>(negatives) / 2;
    out.positives += positives;
    out.negatives += negatives;
    i = same;
  }
  if (out.positives == 0 || out.negatives == 0) return {0.5, {0, 1}, out.positives, out.negatives};
  const auto n = static_cast<double>(out.negatives);
  const auto p = static_cast<double>(out.positives);
  const double a = wins / (p * n);
  const double q1 = a / (2 - a);
  const double q2 = 2 * a * a / (1 + a);
  const double variance = (a * (1 - a) + (p - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (p * n);
  const double half = z * std::sqrt(std::max(0.0, variance));
  out.value = a;
  out.interval = {std::max(0.0, a - half), std::min(1.0, a + half)};
  // At its ends the variance is 0, however few the files are. With only the fewer of them as
  // independent trials that all came out alike, Wilson's bound says what is left open.
  const std::uint64_t fewer = std::min(out.positives, out.negatives);
  if (a == 1) out.interval.low = wilson(fewer, fewer).low;
  if (a == 0) out.interval.high = wilson(0, fewer).high;
  return out;
}

namespace {

using inference::TensorInfo;
using inference::Type;

enum class Form { copy, pixels, quantise };

/// An int8 input whose reals begin at 0 for -128, one step a pixel value or 1/255 of it: images.
/// MLPerf Tiny's reference firmware takes 128 off the pixels of these (ic01, vww01), and copies
/// what goes into other inputs (kws01).
bool takes_pixels(const TensorInfo& input) {
  if (input.type != Type::int8 || input.zero_point != -128) return false;
  const auto near = [&](float scale) { return std::abs(input.scale / scale - 1) < 0.01F; };
  return near(1.0F) || near(1.0F / 255);
}

std::optional<Form> form_of(const TensorInfo& input, std::size_t bytes, DataType type) {
  const std::size_t values = input.bytes / std::max<std::size_t>(size_of(input.type), 1);
  const bool bytewise = input.type == Type::int8 || input.type == Type::uint8;
  const bool reals = bytes == values * sizeof(float);
  if (input.type == Type::float32) {
    const bool fits = reals && (type == DataType::automatic || type == DataType::float32);
    return fits ? std::optional(Form::copy) : std::nullopt;
  }
  if (!bytewise) return std::nullopt;
  if (type == DataType::float32 || (type == DataType::automatic && reals && bytes != values)) {
    return reals && input.scale > 0 ? std::optional(Form::quantise) : std::nullopt;
  }
  if (bytes != input.bytes) return std::nullopt;
  const bool pixels =
      type == DataType::uint8 || (type == DataType::automatic && takes_pixels(input));
  return pixels && input.type == Type::int8 ? Form::pixels : Form::copy;
}

void quantise(std::span<std::uint8_t> target, const TensorInfo& input, ByteSpan bytes) {
  const bool is_signed = input.type == Type::int8;
  const float least = is_signed ? -128.0F : 0.0F;
  const float most = is_signed ? 127.0F : 255.0F;
  for (std::size_t i = 0; i < target.size(); ++i) {
    float real = 0;
    std::memcpy(&real, &bytes[i * sizeof real], sizeof real);
    const float step = std::round(real / input.scale) + static_cast<float>(input.zero_point);
    // A NaN compares false with everything: it becomes the least.
    const float kept = step >= most ? most : step > least ? step : least;
    target[i] = static_cast<std::uint8_t>(static_cast<int>(kept));
  }
}

}  // namespace

std::string input_form(const TensorInfo& input, std::size_t bytes, DataType type) {
  const auto form = form_of(input, bytes, type);
  if (!form) return "";
  if (*form == Form::pixels) return "uint8, less 128";
  if (*form == Form::quantise) return "float32, quantised";
  return input.type == Type::float32 ? "float32" : input.type == Type::int8 ? "int8" : "uint8";
}

Result<void> fill_input(std::span<std::uint8_t> target, const TensorInfo& input, ByteSpan bytes,
                        DataType type) {
  const auto form = form_of(input, bytes.size(), type);
  if (!form) {
    return make_error(Errc::data_form,
                      fmt::format("{} bytes for the input {} of {}", bytes.size(),
                                  shape_text(input.shape), name_of(input.type)),
                      fmt::format("it takes {} bytes of its own type, or as many float32 values as "
                                  "it has",
                                  input.bytes));
  }
  switch (*form) {
    case Form::copy: std::copy(bytes.begin(), bytes.end(), target.begin()); break;
    case Form::pixels:
      std::transform(bytes.begin(), bytes.end(), target.begin(),
                     [](std::uint8_t pixel) { return static_cast<std::uint8_t>(pixel - 128); });
      break;
    case Form::quantise: quantise(target, input, bytes); break;
  }
  return {};
}

std::vector<float> real_values(const TensorInfo& tensor, ByteSpan bytes) {
  const std::size_t size = size_of(tensor.type);
  std::vector<float> reals;
  if (size == 0) return reals;
  const float scale = tensor.scale > 0 ? tensor.scale : 1;
  const auto real = [&](auto stored) {
    return scale * static_cast<float>(static_cast<std::int64_t>(stored) - tensor.zero_point);
  };
  for (std::size_t at = 0; at + size <= bytes.size(); at += size) {
    const std::uint8_t* p = &bytes[at];
    switch (tensor.type) {
      case Type::float32: {
        float value = 0;
        std::memcpy(&value, p, sizeof value);
        reals.push_back(value);
        break;
      }
      case Type::int8: reals.push_back(real(static_cast<std::int8_t>(*p))); break;
      case Type::uint8: reals.push_back(real(*p)); break;
      case Type::int16: reals.push_back(real(static_cast<std::int16_t>(load_le16(p)))); break;
      case Type::int32: reals.push_back(real(static_cast<std::int32_t>(load_le32(p)))); break;
      default: return {};
    }
  }
  return reals;
}

namespace {

using inference::Engine;
using inference::TensorInfo;

/// What became of one file.
struct FileScore {
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
Result<FileScore> classify(Engine& engine, ByteSpan bytes, const Label& label, DataType type) {
  const TensorInfo& input = engine.inputs().front();
  AIOT_CHECK(fill_input(engine.input(0), input, bytes, type));
  AIOT_CHECK(engine.invoke());
  const auto outputs = real_values(engine.outputs().front(), engine.output(0));
  FileScore score{true, 0, 0, 1, input_form(input, bytes.size(), type)};
  if (outputs.size() == 1 && label.classes == 2) {
    score.score = outputs[0];
    score.taken_for = outputs[0] > 0.5F ? 1 : 0;
    return score;
  }
  if (outputs.size() != label.classes) {
    return does_not_fit(fmt::format("the model has {} classes, the labels {}",
                                    outputs.size(), label.classes),
                        "name the labels of this model's data set");
  }
  const auto best = std::max_element(outputs.begin(), outputs.end());
  score.taken_for = static_cast<std::uint32_t>(best - outputs.begin());
  score.score = outputs[1];
  return score;
}

/// How far an autoencoder's output is from its input, over all windows of a file; not done when the
/// ending came first.
Result<FileScore> score_windows(Engine& engine, ByteSpan bytes, const Label& label,
                                DataType type, const Ending& ending) {
  const TensorInfo& input = engine.inputs().front();
  const TensorInfo& output = engine.outputs().front();
  const Window& window = *label.window;
  TensorInfo as_reals = input;
  as_reals.type = inference::Type::float32;
  FileScore score{true, 0, 0, 0, input_form(input, window.bytes, type)};
  for (std::size_t at = 0; at + window.bytes <= bytes.size(); at += window.stride) {
    if (ending.due()) return FileScore();
    const ByteSpan part = bytes.subspan(at, window.bytes);
    AIOT_CHECK(fill_input(engine.input(0), input, part, type));
    // The file's own values where it has reals, not what quantising made of them.
    const bool reals = score.form.starts_with("float32");
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
    score.score += squares / static_cast<double>(seen.size());
    ++score.windows;
  }
  if (score.windows == 0) {
    return does_not_fit(fmt::format("{} bytes, less than a window", bytes.size()),
                        "see that labels and files are of one data set");
  }
  score.score /= static_cast<double>(score.windows);
  return score;
}

/// Hands out the files, and keeps what becomes of them.
class Evaluator {
 public:
  Evaluator(const EvaluationData& data, const EngineFactory& engines, const Ending& ending)
      : data_(data), engines_(engines), ending_(ending), scores_(data.labels.size()) {}

  void run(const std::function<void(std::uint64_t)>& progress) {
    auto engine = engines_();
    if (!engine) return fail(0, std::move(engine).error());
    for (;;) {
      const std::size_t at = next_++;
      if (at >= scores_.size() || failed_ || ending_.due()) return;
      auto score = run_file(**engine, data_.labels[at]);
      if (!score) return fail(at, std::move(score).error().with(data_.labels[at].file));
      if (!score->done) return;
      scores_[at] = *std::move(score);
      const std::uint64_t done = ++done_;
      if (progress) progress(done);
    }
  }
  const std::optional<Error>& error() const { return error_; }
  const std::vector<FileScore>& scores() const { return scores_; }

 private:
  Result<FileScore> run_file(Engine& engine, const Label& label) const {
    AIOT_TRY(const Bytes bytes, data_.read(label.file));
    return label.window ? score_windows(engine, bytes, label, data_.type, ending_)
                        : classify(engine, bytes, label, data_.type);
  }
  void fail(std::size_t at, Error error) {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    if (error_ && at > error_at_) return;
    error_at_ = at;
    error_ = std::move(error);
  }

  const EvaluationData& data_;
  const EngineFactory& engines_;
  const Ending& ending_;
  std::vector<FileScore> scores_;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint64_t> done_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::size_t error_at_ = 0;
  std::optional<Error> error_;
};

Evaluation summed(const EvaluationData& data, const std::vector<FileScore>& files) {
  Evaluation all;
  const std::uint32_t classes = data.labels.front().classes;
  ConfusionMatrix confusion(classes);
  std::vector<Score> scores;
  bool windows = false;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const FileScore& score = files[i];
    const Label& label = data.labels[i];
    if (!score.done) {
      all.complete = false;
      continue;
    }
    ++all.files;
    all.windows += score.windows;
    all.form = score.form;
    windows = windows || label.window;
    confusion.add(label.truth, score.taken_for);
    scores.push_back({score.score, label.truth == 1});
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

Result<Evaluation> evaluate(const EvaluationData& data, const EngineFactory& engines, unsigned workers,
                            const Ending& ending,
                            const std::function<void(std::uint64_t files)>& progress) {
  if (data.labels.empty()) return make_error(Errc::bad_labels, "no file");
  Evaluator work(data, engines, ending);
  std::vector<std::jthread> others;
  const auto most = std::min<std::size_t>(data.labels.size(), 64);
  const std::size_t count = std::clamp<std::size_t>(workers, 1, most);
  for (std::size_t i = 1; i < count; ++i) others.emplace_back([&work] { work.run(nullptr); });
  work.run(progress);
  others.clear();
  if (work.error()) return *work.error();
  Evaluation all = summed(data, work.scores());
  all.all_files = data.labels.size();
  all.workers = static_cast<unsigned>(count);
  return all;
}

}  // namespace aiot::bench
