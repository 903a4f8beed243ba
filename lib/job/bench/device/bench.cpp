#include "job/bench/device/bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "inference/tiny/form.hpp"
#include "job/bench/device/error.hpp"
#include "job/bench/host/accuracy.hpp"

namespace aiot::bench {
namespace tiny = inference::tiny;

namespace {

/// After results that differ for this reason.
const char* what_to_do(Cause cause) {
  switch (cause) {
    case Cause::upload: return "see the cable and its rate, and how the firmware takes its input";
    case Cause::quantisation:
      return "compare scale and zero point in the firmware with the model's";
    case Cause::kernel: return "compare the operators' rounding with the reference kernels";
    case Cause::unsteady:
      return "see its memory, its supply and its clock: it is no matter of the model";
    case Cause::count:
      return "see what the firmware prints as results: the benchmarks have one number for each "
             "class; anomaly detection has a single one, the mean square of output less input";
  }
  return "";
}

}  // namespace

net::Task<void> DutBench::take_reference(const std::string& id) {
  std::function<Result<std::shared_ptr<Reference>>()> work =
      [make = environment_.engine, model = resources_.model,
       task = task_]() -> Result<std::shared_ptr<Reference>> {
    AIOT_TRY(auto engine, make(model));
    AIOT_TRY(std::shared_ptr<Reference> made, Reference::make(std::move(engine), *task));
    return made;
  };
  Result<std::shared_ptr<Reference>> made =
      co_await resources_.workers->run(std::move(work), run_.clock());
  AIOT_CO_TRY(reference_, std::move(made));
  const tiny::Task* of_model = tiny::task_for(reference_->input());
  if (of_model != nullptr && of_model->short_name != task_->short_name &&
      task_->id != std::string_view()) {
    co_return make_error(
        DeviceErrc::wrong_model,
        fmt::format("the device has {}, the file is of {}", escape_controls(id), of_model->id),
        "name the model that the device's firmware was built with");
  }
  co_return Result<void>();
}

net::Task<void> DutBench::prepare() {
  const std::string& id = dut_.greeting().model;
  task_ = tiny::find_task(id);
  if (task_ == nullptr) task_ = &tiny::any_task();
  if (resources_.model) {
    Result<void> taken = co_await take_reference(id);
    AIOT_CO_CHECK(std::move(taken));
  }
  AIOT_CO_CHECK(check_data());
  dut_.compare_with(reference_, *resources_.workers);
  folder_ = results_folder(run_.address(), *task_, resources_.several);
  if (request_.results.empty()) co_return Result<void>();
  // An error is reported before minutes of measuring, not after.
  std::vector<std::string> modes;
  if (request_.phases.performance) modes.emplace_back("performance");
  if (request_.phases.accuracy) modes.emplace_back("accuracy");
  if (request_.phases.energy) modes.emplace_back("energy");
  if (!request_.force) {
    AIOT_CO_CHECK(check_results_free(request_.results, folder_, modes));
  }
  co_return try_results(request_.results, folder_, modes);
}

net::Task<void> DutBench::run() {
  if (request_.phases.energy) {
    // First: the monitor may be what gives the device its power.
    run_.step("power monitor", 1);
    power_.emplace(environment_, request_.monitor);
    Result<power::MonitorInfo> info = co_await power_->prepare();
    if (!info) co_return std::move(info).error();
    result_.monitor = MonitorResult{info->kind, info->name, info->version, info->millivolts,
                                    info->samples_per_s};
    Result<void> greeted = co_await dut_.greet();
    AIOT_CO_CHECK(std::move(greeted));
    Result<void> ready = co_await prepare();
    AIOT_CO_CHECK(std::move(ready));
    Result<void> measured = co_await energy_windows(*info);
    AIOT_CO_CHECK(std::move(measured));
  } else {
    Result<void> greeted = co_await dut_.greet();
    AIOT_CO_CHECK(std::move(greeted));
    Result<void> ready = co_await prepare();
    AIOT_CO_CHECK(std::move(ready));
  }
  if (request_.phases.performance) {
    Result<void> done = co_await performance();
    AIOT_CO_CHECK(std::move(done));
  }
  if (request_.phases.accuracy) {
    Result<void> done = co_await accuracy();
    AIOT_CO_CHECK(std::move(done));
  }
  Result<void> concluded = co_await conclude();
  co_return concluded;
}

net::Task<void> DutBench::conclude() {
  if (result_.repaired > 0) {
    run_.notice("bench.mended", fmt::format("{} errors on the line, repaired", result_.repaired),
                "check the cable, the baud rate, and a trace of the bytes");
  }
  if (dut_.comparer().active()) {
    Result<std::optional<Diagnosis>> found = co_await dut_.comparer().diagnosis();
    AIOT_CO_TRY(const std::optional<Diagnosis> diagnosis, std::move(found));
    result_.comparison = dut_.comparer().result();
    if (diagnosis) {
      misses_.insert(misses_.begin(),
                     make_error(DeviceErrc::outputs_differ,
                                fmt::format("{}: {}", name_of(diagnosis->cause), diagnosis->text),
                                diagnosis->other_model
                                    ? "see that the firmware was built with this model's file"
                                    : what_to_do(diagnosis->cause)));
    }
  }
  if (!request_.results.empty()) {
    const bool windows = request_.phases.performance || request_.phases.energy;
    const double window_s = std::chrono::duration<double>(request_.window).count();
    if (windows && (request_.windows != submitted_windows || window_s < submitted_window_s)) {
      run_.notice("bench.not_submittable",
                      fmt::format("the windows are not the {} of {:g} s or more that the benchmark "
                                  "asks for",
                                  submitted_windows, submitted_window_s),
                      "its files say so, and hold no median that a checker takes");
    }
    run_.step("results", 0.1);
    AIOT_CO_TRY(result_.files, write_results(request_.results, folder_, text_, request_.force));
  }
  if (misses_.empty()) co_return Result<void>();
  run_.step("verdict", 0.1);
  co_return misses_.front();
}

net::asio::awaitable<void> DutBench::leave() {
  co_await net::asio::this_coro::reset_cancellation_state(
      net::asio::enable_terminal_cancellation());
  if (power_) {
    Result<void> finished = co_await power_->finish();
    if (!finished) {
      run_.notice("bench.monitor_left", "the power monitor: " + finished.error().message(),
                      "take its power away and give it back before the next run");
    }
  }
  dut_.close();
}

namespace {

/// Of anomaly detection's reference model, for inputs when no model is there to ask.
constexpr float usual_scale = 0.39F;
constexpr std::int32_t usual_zero_point = 89;

/// An input of the benchmark's own size.
inference::TensorInfo usual_input(const tiny::Task& task) {
  inference::TensorInfo info;
  info.type = inference::Type::int8;
  info.bytes = task.elements;
  info.scale = usual_scale;
  info.zero_point = usual_zero_point;
  return info;
}

}  // namespace

Result<void> DutBench::check_data() const {
  if (!resources_.data || (!reference_ && task_->elements == 0)) return {};
  const std::size_t all = resources_.data->size();
  std::size_t files = request_.files == 0 ? all : request_.files;
  if (!request_.phases.accuracy) files = request_.windows;
  const std::size_t bytes =
      reference_ ? reference_->upload_bytes() : tiny::upload_bytes(*task_, usual_input(*task_));
  return resources_.data->check_sizes(bytes, files);
}

net::Task<std::vector<Sample>> DutBench::window_samples() {
  std::vector<Sample> out;
  if (resources_.data) {
    const DataSet& data = *resources_.data;
    for (std::size_t i = 0; i < request_.windows; ++i) {
      const std::size_t file = i % data.size();
      AIOT_CO_TRY(std::vector<Bytes> uploads, data.uploads(file));
      out.push_back({data.label(file).file, std::move(uploads.front())});
    }
    co_return out;
  }
  if (!reference_ && task_->elements == 0) {
    co_return make_error(DeviceErrc::no_input_size, escape_controls(dut_.greeting().model),
                         "name the model's file, or a folder with inputs");
  }
  for (unsigned i = 0; i < request_.windows; ++i) {
    Sample sample;
    sample.name = fmt::format("random input {}", i + 1);
    if (reference_) {
      std::function<Result<Bytes>()> choose = [reference = reference_, seed = request_.seed + i] {
        return telling_upload(*reference, seed);
      };
      Result<Bytes> chosen = co_await resources_.workers->run(std::move(choose), run_.clock());
      AIOT_CO_TRY(sample.upload, std::move(chosen));
    } else {
      sample.upload = tiny::random_upload(*task_, usual_input(*task_), request_.seed + i);
    }
    out.push_back(std::move(sample));
  }
  co_return out;
}

// What is measured: throughput in windows of many inferences, by the device's own clock; accuracy
// over each file of a data set once, scored by the benchmark's rules; energy in windows between two
// edges that the monitor detected, or between two laps as they arrived here.

namespace {

constexpr int most_repeats = 3;
/// A clock that is further off is said: the figure is only as good as it.
constexpr double clock_tolerance = 0.02;

/// By how much a device's clock is off.
std::string clock_words(double error) {
  if (error > 1 || error < -0.5) {
    return fmt::format("the device's clock runs {:.3g} times as fast as this machine's", error + 1);
  }
  return fmt::format("the device's clock is {:+.1f} % off this machine's", error * 100);
}

}  // namespace

net::Task<void> DutBench::performance() {
  run_.step("calibrate", 2);
  Result<std::vector<Sample>> taken = co_await window_samples();
  AIOT_CO_TRY(const std::vector<Sample> samples, std::move(taken));
  Result<double> each = co_await dut_.calibrate(samples.front());
  if (!each) co_return std::move(each).error();
  std::uint32_t iterations = iterations_for(*each, request_.window);
  run_.step("performance", 10.0 * request_.windows);
  std::vector<WindowTime> windows;
  std::vector<double> throughputs;
  unsigned repeated = 0;
  const double least_s = std::chrono::duration<double>(request_.window).count();
  for (const Sample& sample : samples) {
    WindowTime window;
    for (int i = 0;; ++i) {
      Result<energyrunner::Inference> done =
          co_await dut_.infer(sample, iterations, request_.warmups, Input::proven);
      if (!done) co_return std::move(done).error();
      window.iterations = iterations;
      window.seconds = done->device_us.value_or(0) * 1e-6;
      window.host_seconds = std::chrono::duration<double>(done->end - done->begin).count();
      if (window.seconds >= least_s) {
        text_.add_performance(windows.size() + 1, window, done->results);
        Result<void> compared = co_await dut_.compare_fresh(sample);
        AIOT_CO_CHECK(std::move(compared));
        break;
      }
      if (i == most_repeats) {
        co_return make_error(DeviceErrc::window_invalid,
                             fmt::format("{}: {:.3f} s of the device's clock, {:.3f} s are needed",
                                         sample.name, window.seconds, least_s),
                             "see whether the device's clock runs steadily");
      }
      ++repeated;
      dut_.set_inference_time(window.seconds / iterations);
      iterations = iterations_for(dut_.inference_time(), request_.window);
    }
    windows.push_back(window);
    throughputs.push_back(window.per_second());
    run_.progress(windows.size(), samples.size(), "windows");
  }
  const double middle = median(throughputs);
  Performance& found = result_.performance.emplace();
  for (const WindowTime& window : windows) {
    found.windows.push_back(
        {window.iterations, window.seconds, window.per_second(), window.host_seconds});
  }
  found.median_per_second = middle;
  found.latency_us = middle > 0 ? 1e6 / middle : 0;
  found.spread = spread(throughputs);
  found.repeated = repeated;
  text_.end_performance(middle, environment_.stamp());
  if (const auto error = clock_error(windows)) {
    found.clock_error = *error;
    if (*error > clock_tolerance || *error < -clock_tolerance) {
      run_.notice("bench.device_clock", clock_words(*error),
                      "its throughput is off by as much: see its timer's prescaler; the clock of a "
                      "simulated device may do as it likes");
    }
  }
  if (repeated > 0) {
    run_.notice("bench.window_repeated",
                    fmt::format("{} windows were too short, and measured again", repeated), "");
  }
  co_return Result<void>();
}

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

net::Task<void> DutBench::accuracy() {
  const DataSet& data = *resources_.data;
  const std::size_t files =
      request_.files == 0 ? data.size() : std::min<std::size_t>(request_.files, data.size());
  run_.step("accuracy", static_cast<double>(files) * 0.1);
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
      const bool prove = request_.prove_all || (i == 0 && results.empty());
      Result<energyrunner::Inference> done =
          co_await dut_.infer(sample, 1, 0, prove ? Input::proven : Input::sent);
      if (!done) co_return std::move(done).error();
      if (dut_.inference_time() == 0 && done->device_us) {
        dut_.set_inference_time(std::max(*done->device_us * 1e-6, 1e-6));
      }
      Result<void> compared = co_await dut_.compare(sample, done->results);
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
    run_.progress(i + 1, files, "files");
  }
  DutAccuracy found;
  found.files = files;
  const std::uint32_t needed = task_->files;
  const bool whole = needed == 0 || files == needed;
  found.complete = whole;
  std::optional<double> value;
  Interval interval;
  if (by_auc) {
    const Auc area = auc(std::move(scores));
    found.positives = area.positives;
    found.negatives = area.negatives;
    // Of one class alone there is no area.
    if (area.positives > 0 && area.negatives > 0) value = area.value;
    interval = area.interval;
    found.auc = value;
  } else {
    interval = wilson(right, files);
    value = static_cast<double>(right) / static_cast<double>(files);
    found.right = right;
    found.top1 = value;
  }
  if (value) {
    found.interval_low = interval.low;
    found.interval_high = interval.high;
  }
  if (task_->metric != tiny::Metric::none) found.limit = task_->target;
  text_.end_accuracy(by_auc, value, whole, environment_.stamp());
  result_.accuracy = std::move(found);
  if (!whole) {
    run_.notice("bench.files_incomplete",
                    fmt::format("{} files, the benchmark has {}", files, needed),
                    "such an accuracy cannot be submitted");
  }
  const bool limited = task_->metric != tiny::Metric::none && !request_.allow_missed;
  if (!value) {
    Error none = one_class(files);
    if (limited) {
      misses_.push_back(std::move(none));
    } else {
      run_.notice(std::string(none.stable_code()), none.message(), none.hint);
    }
  } else if (limited && *value < task_->target && (whole || interval.high < task_->target)) {
    misses_.push_back(make_error(
        DeviceErrc::accuracy_low,
        fmt::format("{} of {:.3f}, {} asks for {:.2f}", by_auc ? "an AUC" : "a top-1 accuracy",
                    *value, task_->id, task_->target),
        "see whether the results are the reference's: an upload or a quantisation may be wrong"));
  }
  co_return Result<void>();
}

net::Task<power::Stretch> DutBench::measured(const energyrunner::Inference& inference,
                                                std::uint64_t edges_before) {
  if (dut_.greeting().energy_mode) {
    Result<void> came = co_await power_->await_edges(edges_before + 2);
    if (!came) co_return std::move(came).error();
    // A pin may twitch when a window begins: its last two edges are the window's.
    const auto& edges = power_->recorder().edges();
    co_return power::between(edges[edges.size() - 2], edges[edges.size() - 1]);
  }
  Result<void> passed = co_await power_->await_time(inference.end);
  if (!passed) co_return std::move(passed).error();
  const auto begin = power_->recorder().at(inference.begin);
  const auto end = power_->recorder().at(inference.end);
  if (!begin || !end) {
    co_return make_error(power::Errc::bad_stream, "the monitor's stream does not cover the window");
  }
  co_return power::between(*begin, *end);
}

net::Task<double> DutBench::calibrate_energy(const Sample& sample) {
  if (!dut_.greeting().energy_mode) {
    Result<double> each = co_await dut_.calibrate(sample);
    co_return each;
  }
  std::uint32_t iterations = 1;
  for (int i = 0; i < 2; ++i) {
    const std::uint64_t edges = power_->recorder().edge_count();
    const Input input = i == 0 ? Input::proven : Input::held;
    Result<energyrunner::Inference> done = co_await dut_.infer(sample, iterations, 0, input);
    if (!done) co_return std::move(done).error();
    Result<power::Stretch> stretch = co_await measured(*done, edges);
    if (!stretch) co_return std::move(stretch).error();
    dut_.set_inference_time(std::max(stretch->seconds / iterations, 1e-6));
    if (i == 0) iterations = calibrating_iterations(dut_.inference_time());
    if (iterations == 1) break;
  }
  co_return dut_.inference_time();
}

net::Task<void> DutBench::await_compared(std::uint64_t edges_before) {
  if (!dut_.comparer().active() || !dut_.greeting().energy_mode) co_return Result<void>();
  Result<void> came = co_await power_->await_edges(edges_before + 2);
  co_return came;
}

net::Task<void> DutBench::energy_windows(const power::MonitorInfo& info) {
  Result<std::vector<Sample>> taken = co_await window_samples();
  AIOT_CO_TRY(const std::vector<Sample> samples, std::move(taken));
  if (dut_.greeting().energy_mode && !info.has_edges) {
    run_.notice("bench.no_edges", "this monitor does not see the device's pin by itself",
                    "send its edges with its samples, or build the firmware for performance");
  }
  Result<void> started = co_await power_->start();
  AIOT_CO_CHECK(std::move(started));
  run_.step("calibrate", 2);
  Result<double> each = co_await calibrate_energy(samples.front());
  if (!each) co_return std::move(each).error();
  std::uint32_t iterations = iterations_for(*each, request_.window);
  run_.step("energy", 10.0 * request_.windows);
  const double least_s = std::chrono::duration<double>(request_.window).count();
  std::vector<double> energies;
  Energy found;
  unsigned repeated = 0;
  for (const Sample& sample : samples) {
    for (int i = 0;; ++i) {
      const power::Recorder& recorder = power_->recorder();
      const std::uint64_t edges = recorder.edge_count();
      const std::uint64_t lost = recorder.lost_samples() + recorder.lost_edges();
      Result<energyrunner::Inference> done =
          co_await dut_.infer(sample, iterations, request_.warmups, Input::proven);
      if (!done) co_return std::move(done).error();
      Result<power::Stretch> stretch = co_await measured(*done, edges);
      if (!stretch) co_return std::move(stretch).error();
      const bool whole = recorder.lost_samples() + recorder.lost_edges() == lost;
      if (whole && stretch->seconds >= least_s) {
        const double each_j = stretch->joules / iterations;
        energies.push_back(each_j * 1e6);
        found.windows.push_back({iterations, stretch->seconds, stretch->samples, each_j * 1e6,
                                 stretch->watts() * 1e3});
        text_.add_energy(energies.size() - 1, *stretch, iterations);
        const std::uint64_t before = recorder.edge_count();
        Result<void> compared = co_await dut_.compare_fresh(sample);
        AIOT_CO_CHECK(std::move(compared));
        Result<void> settled = co_await await_compared(before);
        AIOT_CO_CHECK(std::move(settled));
        break;
      }
      if (i == most_repeats) {
        if (!whole) {
          co_return make_error(power::Errc::lost_samples, sample.name,
                               "give the monitor a port of its own, or fewer samples a second");
        }
        co_return make_error(DeviceErrc::window_invalid,
                             fmt::format("{}: {:.3f} s of the monitor's clock, {:.3f} s are needed",
                                         sample.name, stretch->seconds, least_s));
      }
      ++repeated;
      if (whole) {
        dut_.set_inference_time(stretch->seconds / iterations);
        iterations = iterations_for(dut_.inference_time(), request_.window);
      }
    }
    run_.progress(energies.size(), samples.size(), "windows");
  }
  const power::Recorder& recorder = power_->recorder();
  const double middle = median(energies);
  found.median_microjoules = middle;
  found.spread = spread(energies);
  found.repeated = repeated;
  found.bounded_by = dut_.greeting().energy_mode ? Boundary::edges : Boundary::laps;
  found.samples = recorder.samples();
  found.lost_samples = recorder.lost_samples();
  found.lost_edges = recorder.lost_edges();
  found.buffer_percent = recorder.fullest_percent();
  result_.energy = std::move(found);
  text_.end_energy(middle);
  if (recorder.lost_samples() > 0 || recorder.lost_edges() > 0) {
    run_.notice("bench.lost_samples",
                    fmt::format("the monitor lost {} samples and {} edges; those windows were "
                                "measured again",
                                recorder.lost_samples(), recorder.lost_edges()),
                    "");
  }
  Result<void> finished = co_await power_->finish();
  co_return finished;
}

}  // namespace aiot::bench
