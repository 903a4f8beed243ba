#include "job/bench/device/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>
#include <thread>

#include "job/bench/host/error.hpp"
#include "job/bench/host/model.hpp"

namespace aiot::bench {
namespace asio = net::asio;
namespace {

/// What a worker and the coroutine that waits for it share.
struct Job {
  std::mutex mutex;
  bool done = false;                         // guarded by mutex
  std::shared_ptr<asio::steady_timer> wake;  // guarded by mutex; nullptr: nobody waits any more
};

/// Takes the waiter away however its coroutine ends: its loop may end right after, and the worker
/// must not post to that any more.
class Waiting {
 public:
  explicit Waiting(std::shared_ptr<Job> job) : job_(std::move(job)) {}
  ~Waiting() {
    const std::lock_guard lock(job_->mutex);
    job_->wake.reset();
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  std::shared_ptr<Job> job_;
};

std::size_t threads_for(std::size_t devices) {
  const std::size_t most = std::max<std::size_t>(2, std::thread::hardware_concurrency());
  return std::clamp<std::size_t>(devices, 1, most);
}

}  // namespace

Workers::Workers(std::size_t devices) : pool_(threads_for(devices)) {}

Workers::~Workers() {
  pool_.stop();
  pool_.join();
}

net::Task<void> Workers::run_job(std::function<void()> job, net::Clock& clock) {
  // Virtual time must not run on while a real thread works.
  const std::shared_ptr<void> hold = clock.hold();
  auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor,
                                                    asio::steady_timer::time_point::max());
  const auto shared = std::make_shared<Job>();
  shared->wake = timer;
  const Waiting waiting(shared);
  asio::post(pool_, [job = std::move(job), shared] {
    job();
    const std::lock_guard lock(shared->mutex);
    shared->done = true;
    if (!shared->wake) return;
    // The timer belongs to the loop's thread: wake it there.
    asio::post(shared->wake->get_executor(), [timer = shared->wake] { timer->cancel(); });
  });
  for (;;) {
    {
      const std::lock_guard lock(shared->mutex);
      if (shared->done) co_return Result<void>();
    }
    auto [error] = co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
    static_cast<void>(error);  // always aborted: by the worker, or because the session is stopped
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) {
      co_return make_error(net::Errc::cancelled, "the reference inference");
    }
  }
}

namespace tiny = inference::tiny;

std::string_view text_of(InputSlip slip) {
  switch (slip) {
    case InputSlip::none: return "";
    case InputSlip::signed_as_unsigned: return "128 is taken off the input, or not, by mistake";
    case InputSlip::one_up: return "each input value is one step too high";
    case InputSlip::one_down: return "each input value is one step too low";
    case InputSlip::cut: return "input values are cut where they should be rounded";
  }
  return "";
}

std::vector<InputSlip> slips_of(const tiny::Task& task) {
  if (task.input == tiny::Input::floats) {
    return {InputSlip::one_up, InputSlip::one_down, InputSlip::cut};
  }
  return {InputSlip::signed_as_unsigned, InputSlip::one_up, InputSlip::one_down};
}

Result<std::shared_ptr<const inference::Model>> Reference::read(const std::string& name) {
  AIOT_TRY(const NamedModel subject, find_model(name));
  return subject.model;
}

Result<std::unique_ptr<Reference>> Reference::make(std::shared_ptr<const inference::Model> model,
                                                   const tiny::Task& task) {
  const inference::EngineOptions options;
  AIOT_TRY(auto engine, inference::make_reference_engine(std::move(model), options));
  return make(std::move(engine), task);
}

Result<std::unique_ptr<Reference>> Reference::make(std::unique_ptr<inference::Engine> engine,
                                                   const tiny::Task& task) {
  if (engine->inputs().size() != 1 || engine->outputs().size() != 1) {
    return make_error(Errc::bad_request, "a device under test has one input and one output");
  }
  return std::unique_ptr<Reference>(new Reference(std::move(engine), task));
}

std::size_t Reference::upload_bytes() const { return tiny::upload_bytes(task_, input()); }

float Reference::step() const { return task_.reconstruction ? 0 : engine_->outputs()[0].scale; }

Result<std::vector<float>> Reference::results(ByteSpan upload) {
  return results(upload, InputSlip::none);
}

Result<std::vector<float>> Reference::results(ByteSpan upload, InputSlip slip) {
  if (upload.size() != upload_bytes()) {
    return make_error(Errc::wrong_size, fmt::format("an input of {} bytes, the model takes {}",
                                                    upload.size(), upload_bytes()));
  }
  const std::span<std::uint8_t> values = engine_->input(0);
  if (slip == InputSlip::cut) {
    // A value that is cut is one that had been moved to the middle of its step, towards zero.
    Bytes moved(upload.begin(), upload.end());
    for (std::size_t i = 0; i + 4 <= moved.size(); i += 4) {
      float value = 0;
      std::memcpy(&value, moved.data() + i, 4);
      value = std::trunc(value / input().scale) * input().scale;
      std::memcpy(moved.data() + i, &value, 4);
    }
    tiny::fill_input(task_, input(), moved, values);
  } else {
    tiny::fill_input(task_, input(), upload, values);
  }
  for (std::uint8_t& value : values) {
    const auto stored = static_cast<std::int8_t>(value);
    if (slip == InputSlip::signed_as_unsigned) value = static_cast<std::uint8_t>(value ^ 0x80);
    if (slip == InputSlip::one_up && stored < 127) ++value;
    if (slip == InputSlip::one_down && stored > -128) --value;
  }
  AIOT_CHECK(engine_->invoke());
  return tiny::results_of(task_, *engine_, upload);
}

namespace {

/// A value that is cut to three digits is less than this away; rounding takes half of it.
constexpr double printed_step = 0.001;
/// Sums of floats in another order, and the print of large ones.
constexpr double relative_slack = 2e-6;

double slack_of(double reference) {
  return printed_step + 1e-9 + std::abs(reference) * relative_slack;
}

bool is_equal(double device, double reference) {
  // NaN is equal to nothing.
  return std::abs(device - reference) < slack_of(reference);
}

/// All values that one unknown can have.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();

  bool empty() const { return !(low <= high); }
  double middle() const { return (low + high) / 2; }
  void limit(double from, double to) {
    low = std::max(low, std::min(from, to));
    high = std::min(high, std::max(from, to));
  }
};

/// The factors that explain all results: each printed one is known to `slack_of`. Empty when there
/// is none, or when too few results are large enough to say.
Range factors_of(const std::vector<Mismatch>& all) {
  constexpr float significant = 0.02F;
  Range factors;
  int most_significant = 0;
  for (const Mismatch& one : all) {
    if (one.device.size() < 2) return {1, 0};
    int count = 0;
    for (std::size_t i = 0; i < one.device.size(); ++i) {
      const double slack = slack_of(one.device[i]);
      const auto right = static_cast<double>(one.reference[i]);
      if (std::abs(one.reference[i]) > significant) ++count;
      if (right == 0) {
        if (!(std::abs(one.device[i]) < slack)) return {1, 0};
        continue;
      }
      factors.limit((one.device[i] - slack) / right, (one.device[i] + slack) / right);
      if (!(std::abs(one.device[i]) < std::numeric_limits<double>::max())) return {1, 0};
    }
    most_significant = std::max(most_significant, count);
  }
  return most_significant < 2 ? Range{1, 0} : factors;
}

/// The offsets that explain all results.
Range offsets_of(const std::vector<Mismatch>& all) {
  Range offsets;
  for (const Mismatch& one : all) {
    if (one.device.size() < 2) return {1, 0};
    for (std::size_t i = 0; i < one.device.size(); ++i) {
      const double slack = slack_of(one.device[i]);
      const double offset = one.device[i] - static_cast<double>(one.reference[i]);
      if (!(std::abs(offset) < std::numeric_limits<double>::max())) return {1, 0};
      offsets.limit(offset - slack, offset + slack);
    }
  }
  return offsets;
}

std::optional<Diagnosis> output_slip(const std::vector<Mismatch>& all, float step) {
  if (const Range offsets = offsets_of(all); !offsets.empty()) {
    const double offset = offsets.middle();
    return Diagnosis{Cause::quantisation,
                     fmt::format("each result is {:+.3f} off{}: the output's zero point", offset,
                                 step > 0 ? fmt::format(", {:.1f} steps", offset / step) : ""),
                     false};
  }
  if (const Range factors = factors_of(all); !factors.empty()) {
    return Diagnosis{Cause::quantisation,
                     fmt::format("each result is {:.3f} times what it should be: the output's scale",
                                 factors.middle()),
                     false};
  }
  return std::nullopt;
}

/// The results differ by more than half of their size: no rounding does that.
bool is_far_off(const Mismatch& one) {
  double sum = 0;
  double difference = 0;
  for (std::size_t i = 0; i < one.device.size(); ++i) {
    const auto right = static_cast<double>(one.reference[i]);
    sum += std::abs(right);
    difference += std::abs(one.device[i] - right);
  }
  return !(difference <= sum / 2);
}

std::string expected_words(const inference::tiny::Task& task) {
  return task.id.empty() ? std::string("the model has") : fmt::format("{} wants", task.id);
}

}  // namespace

std::optional<Difference> first_difference(const std::vector<double>& device,
                                           const std::vector<float>& reference) {
  const std::size_t common = std::min(device.size(), reference.size());
  if (device.size() != reference.size()) {
    Difference missing;
    missing.index = common;
    if (common < device.size()) missing.device = device[common];
    if (common < reference.size()) missing.reference = static_cast<double>(reference[common]);
    return missing;
  }
  for (std::size_t i = 0; i < common; ++i) {
    const double expected = static_cast<double>(reference[i]);
    if (!is_equal(device[i], expected)) return Difference{i, device[i], expected};
  }
  return std::nullopt;
}

Result<Diagnosis> explain(const std::vector<Mismatch>& all, Reference& reference,
                          bool none_equal) {
  for (const Mismatch& one : all) {
    if (one.same_count()) continue;
    return Diagnosis{Cause::count,
                   fmt::format("{} results for {}, {} {}", one.device.size(), one.file,
                               expected_words(reference.task()), one.reference.size()),
                     false};
  }
  for (const InputSlip slip : slips_of(reference.task())) {
    bool explains = true;
    for (const Mismatch& one : all) {
      AIOT_TRY(const std::vector<float> slipped, reference.results(one.upload, slip));
      explains = explains && !first_difference(one.device, slipped);
      if (!explains) break;
    }
    if (explains) return Diagnosis{Cause::quantisation, std::string(text_of(slip)), false};
  }
  if (auto slip = output_slip(all, reference.step())) return *std::move(slip);
  const Mismatch& one = all.front();
  const bool other_model = none_equal && std::ranges::all_of(all, is_far_off);
  return Diagnosis{Cause::kernel,
                   fmt::format("{}output {} of {} is {:.3f}, the reference's {:.3f}",
                               other_model ? "a different model? " : "", one.first.index, one.file,
                               one.first.device, one.first.reference),
                   other_model};
}

Result<std::size_t> slips_shown(Reference& reference, ByteSpan upload) {
  AIOT_TRY(const std::vector<float> right, reference.results(upload));
  std::size_t shown = 0;
  for (const InputSlip slip : slips_of(reference.task())) {
    AIOT_TRY(const std::vector<float> slipped, reference.results(upload, slip));
    const std::vector<double> printed(slipped.begin(), slipped.end());
    if (first_difference(printed, right)) ++shown;
  }
  return shown;
}

Result<Bytes> telling_upload(Reference& reference, std::uint64_t seed) {
  constexpr std::uint64_t candidates = 12;
  // Seeds of inputs next to each other are next to each other: a candidate's is far away.
  constexpr std::uint64_t far = std::uint64_t{1} << 32;
  const std::size_t most = slips_of(reference.task()).size();
  Bytes best;
  std::optional<std::size_t> best_shown;
  for (std::uint64_t i = 0; i < candidates && best_shown.value_or(0) < most; ++i) {
    Bytes upload =
        inference::tiny::random_upload(reference.task(), reference.input(), seed + i * far);
    AIOT_TRY(const std::size_t shown, slips_shown(reference, upload));
    if (best_shown && shown <= *best_shown) continue;
    best = std::move(upload);
    best_shown = shown;
  }
  return best;
}

net::Task<bool> Comparer::add(const std::string& file, const Bytes& upload,
                                const std::vector<double>& device) {
  if (reference_ == nullptr) co_return true;
  // The work may outlive the session that waits for it: it owns what it uses.
  std::function<Result<std::vector<float>>()> infer = [reference = reference_, upload] {
    return reference->results(upload);
  };
  Result<std::vector<float>> expected = co_await workers_.run(std::move(infer), clock_);
  if (!expected) co_return std::move(expected).error();
  ++compared_;
  const auto difference = first_difference(device, *expected);
  if (!difference) {
    ++equal_;
    co_return true;
  }
  if (kept_.size() < most_kept) {
    kept_.push_back({file, upload, device, *std::move(expected), *difference});
  }
  co_return false;
}

void Comparer::blame(Cause cause, std::string text) {
  if (!diagnosis_) diagnosis_ = Diagnosis{cause, std::move(text), false};
}

net::Task<std::optional<Diagnosis>> Comparer::diagnosis() {
  if (diagnosis_ || kept_.empty()) co_return diagnosis_;
  std::function<Result<Diagnosis>()> work = [reference = reference_, kept = kept_,
                                             none_equal = equal_ == 0] {
    return explain(kept, *reference, none_equal);
  };
  Result<Diagnosis> found = co_await workers_.run(std::move(work), clock_);
  if (!found) co_return std::move(found).error();
  diagnosis_ = *std::move(found);
  co_return diagnosis_;
}

OutputComparison Comparer::result() const {
  OutputComparison out;
  out.compared = compared_;
  out.equal = equal_;
  if (!kept_.empty()) {
    const Mismatch& one = kept_.front();
    if (one.same_count()) {
      out.first_difference =
          OutputDifference{one.file, one.first.index, one.first.device, one.first.reference};
    } else {
      out.first_count = CountDifference{one.file, one.device.size(), one.reference.size()};
    }
  }
  if (diagnosis_) {
    out.cause = diagnosis_->cause;
    out.explanation = diagnosis_->text;
  }
  return out;
}

}  // namespace aiot::bench
