#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aiot/bench_device.hpp"
#include "aiot/bytes.hpp"
#include "inference/tiny/task.hpp"
#include "net/clock.hpp"

namespace aiot::bench {

/// Threads for what takes CPU time, such as a reference inference: on the loop it would stall every
/// other device, and their time-outs with them.
class Workers {
 public:
  /// One for each device, as far as there are CPUs; two at least, so that one device's work does
  /// not stand in another's way.
  explicit Workers(std::size_t devices);
  /// Waits for what is under way; what was not begun is dropped.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Does `work` beside the loop, and gives what it gives. net::Errc::cancelled: at once; the work
  /// itself goes on, so that it must own what it uses.
  template <class T>
  net::Task<T> run(std::function<Result<T>()> work, net::Clock& clock) {
    auto result = std::make_shared<std::optional<Result<T>>>();
    std::function<void()> job = [result, work = std::move(work)] { result->emplace(work()); };
    Result<void> done = co_await run_job(std::move(job), clock);
    if (!done) co_return std::move(done).error();
    co_return std::move(**result);
  }

 private:
  net::Task<void> run_job(std::function<void()> job, net::Clock& clock);

  net::asio::thread_pool pool_;
};

/// How an input might be quantised by mistake.
enum class InputSlip : std::uint8_t {
  none,
  signed_as_unsigned,  ///< 128 is taken off, or not, where the task has it the other way
  one_up,              ///< each value one step too high
  one_down,
  cut,  ///< floats are cut, not rounded
};
/// "each input value is one step too high"
std::string_view text_of(InputSlip slip);
std::vector<InputSlip> slips_of(const inference::tiny::Task& task);

/// The model that a device claims to run, on the reference engine.
class Reference {
 public:
  /// `model`: a .tflite file or a built-in's name. The task is the device's, by its model's id.
  static Result<std::shared_ptr<const inference::Model>> read(const std::string& model);
  static Result<std::unique_ptr<Reference>> make(std::shared_ptr<const inference::Model> model,
                                                 const inference::tiny::Task& task);
  /// On an engine that is there. Errc::bad_request for other than one input and one output.
  static Result<std::unique_ptr<Reference>> make(std::unique_ptr<inference::Engine> engine,
                                                 const inference::tiny::Task& task);

  std::size_t upload_bytes() const;
  const inference::tiny::Task& task() const { return task_; }
  const inference::TensorInfo& input() const { return engine_->inputs()[0]; }
  /// Of a result: the smallest difference that two can have; 0 for none.
  float step() const;
  /// What a device prints for this upload, before it is cut to three digits.
  Result<std::vector<float>> results(ByteSpan upload);
  /// The same with a slip in the input.
  Result<std::vector<float>> results(ByteSpan upload, InputSlip slip);

 private:
  Reference(std::unique_ptr<inference::Engine> engine, const inference::tiny::Task& task)
      : engine_(std::move(engine)), task_(task) {}
  std::unique_ptr<inference::Engine> engine_;
  const inference::tiny::Task& task_;
};

std::string_view name_of(Cause cause);  ///< "kernel"

/// The first output that differs.
struct Difference {
  std::size_t index = 0;
  double device = 0;
  double reference = 0;
};

/// Results are printed with three digits: by rounding, or cut. What is nearer than that is equal.
/// nullopt when all are; another number of results differs where one of both ends.
std::optional<Difference> first_difference(const std::vector<double>& device,
                                           const std::vector<float>& reference);

/// An input whose results differ.
struct Mismatch {
  std::string file;
  Bytes upload;
  std::vector<double> device;
  std::vector<float> reference;
  Difference first;

  bool same_count() const { return device.size() == reference.size(); }
};

/// Why a device's results are not the reference's.
struct Diagnosis {
  Cause cause = Cause::kernel;
  std::string text;  ///< one sentence
  bool other_model = false;  ///< the results are those of another model, rather
};

/// Explains mismatches whose upload is right. Another number of results comes first. A
/// quantisation explains them when the same slip explains each: of the input, by running the model with it; of the output, by one factor or
/// one offset for all values. Else it is the kernels. `all` is not empty.
/// `none_equal`: no other results were equal either.
Result<Diagnosis> explain(const std::vector<Mismatch>& all, Reference& reference,
                          bool none_equal);

/// How many of the task's slips of the input would show in the results of this upload.
Result<std::size_t> slips_shown(Reference& reference, ByteSpan upload);
/// A random upload that shows as many slips as one of a few can: a network that is sure of itself
/// gives the same results for much. The same for a seed and a model on every machine.
Result<Bytes> telling_upload(Reference& reference, std::uint64_t seed);

/// Compares what comes, and keeps what is needed to explain it. The model runs on `workers`; it is
/// asked one thing at a time.
class Comparer {
 public:
  /// So many mismatches are kept to be explained.
  static constexpr std::size_t most_kept = 8;

  /// Without a reference nothing is compared.
  Comparer(std::shared_ptr<Reference> reference, Workers& workers, net::Clock& clock)
      : reference_(std::move(reference)), workers_(workers), clock_(clock) {}

  bool active() const { return reference_ != nullptr; }
  /// True when the device's results are the reference's, or there is none.
  net::Task<bool> add(const std::string& file, const Bytes& upload,
                      const std::vector<double>& device);
  /// The upload itself, or the device's steadiness, was at fault.
  void blame(Cause cause, std::string text);

  std::uint64_t compared() const { return compared_; }
  std::uint64_t equal() const { return equal_; }
  const std::vector<Mismatch>& kept() const { return kept_; }
  /// nullopt when nothing differs.
  net::Task<std::optional<Diagnosis>> diagnosis();
  /// For the report; after diagnosis().
  OutputComparison result() const;

 private:
  std::shared_ptr<Reference> reference_;
  Workers& workers_;
  net::Clock& clock_;
  std::uint64_t compared_ = 0;
  std::uint64_t equal_ = 0;
  std::vector<Mismatch> kept_;
  std::optional<Diagnosis> diagnosis_;
};

}  // namespace aiot::bench
