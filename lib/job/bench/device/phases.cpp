#include <fmt/format.h>

#include <algorithm>

#include "inference/tiny/form.hpp"
#include "job/bench/device/bench.hpp"
#include "job/bench/device/error.hpp"
#include "job/bench/host/accuracy.hpp"

// What is measured: throughput in windows of many inferences, by the device's own clock; accuracy
// over each file of a data set once, scored by the benchmark's rules; energy in windows between two
// edges that the monitor detected, or between two laps as they arrived here.
namespace aiot::bench {

namespace tiny = inference::tiny;

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
  dut_.step("calibrate", 2);
  Result<std::vector<Sample>> taken = co_await window_samples();
  AIOT_CO_TRY(const std::vector<Sample> samples, std::move(taken));
  Result<double> each = co_await calibrate(samples.front());
  if (!each) co_return std::move(each).error();
  std::uint32_t iterations = iterations_for(*each, request_.window);
  dut_.step("performance", 10.0 * request_.windows);
  std::vector<WindowTime> windows;
  std::vector<double> throughputs;
  unsigned repeated = 0;
  const double least_s = std::chrono::duration<double>(request_.window).count();
  for (const Sample& sample : samples) {
    WindowTime window;
    for (int i = 0;; ++i) {
      Result<energyrunner::Inference> done =
          co_await infer(sample, iterations, request_.warmups, Input::proven);
      if (!done) co_return std::move(done).error();
      window.iterations = iterations;
      window.seconds = done->device_us.value_or(0) * 1e-6;
      window.host_seconds = std::chrono::duration<double>(done->end - done->begin).count();
      if (window.seconds >= least_s) {
        Result<void> compared = co_await compare(sample, done->results);
        AIOT_CO_CHECK(std::move(compared));
        text_.add_performance(windows.size() + 1, window, done->results);
        break;
      }
      if (i == most_repeats) {
        co_return make_error(DeviceErrc::window_invalid,
                             fmt::format("{}: {:.3f} s of the device's clock, {:.3f} s are needed",
                                         sample.name, window.seconds, least_s),
                             "see whether the device's clock runs steadily");
      }
      ++repeated;
      each_s_ = std::max(window.seconds / iterations, 1e-7);
      iterations = iterations_for(each_s_, request_.window);
    }
    windows.push_back(window);
    throughputs.push_back(window.per_second());
    dut_.progress(windows.size(), samples.size(), "windows");
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
      dut_.notice("bench.device_clock", clock_words(*error),
                      "its throughput is off by as much: see its timer's prescaler; the clock of a "
                      "simulated device may do as it likes");
    }
  }
  if (repeated > 0) {
    dut_.notice("bench.window_repeated",
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
  dut_.step("accuracy", static_cast<double>(files) * 0.1);
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
    dut_.progress(i + 1, files, "files");
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
    dut_.notice("bench.files_incomplete",
                    fmt::format("{} files, the benchmark has {}", files, needed),
                    "such an accuracy cannot be submitted");
  }
  const bool limited = task_->metric != tiny::Metric::none && !request_.allow_missed;
  if (!value) {
    Error none = one_class(files);
    if (limited) {
      misses_.push_back(std::move(none));
    } else {
      dut_.notice(std::string(none.stable_code()), none.message(), none.hint);
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

net::Task<power::Stretch> DutBench::measured(const energyrunner::Inference& inference,
                                                std::uint64_t edges_before) {
  if (session_->greeting().energy_mode) {
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
  if (!session_->greeting().energy_mode) {
    Result<double> each = co_await calibrate(sample);
    co_return each;
  }
  std::uint32_t iterations = 1;
  for (int i = 0; i < 2; ++i) {
    const std::uint64_t edges = power_->recorder().edge_count();
    const Input input = i == 0 ? Input::proven : Input::held;
    Result<energyrunner::Inference> done = co_await infer(sample, iterations, 0, input);
    if (!done) co_return std::move(done).error();
    Result<power::Stretch> stretch = co_await measured(*done, edges);
    if (!stretch) co_return std::move(stretch).error();
    each_s_ = std::max(stretch->seconds / iterations, 1e-6);
    if (i == 0) iterations = calibrating_iterations(each_s_);
    if (iterations == 1) break;
  }
  co_return each_s_;
}

net::Task<void> DutBench::energy_windows(const power::MonitorInfo& info) {
  Result<std::vector<Sample>> taken = co_await window_samples();
  AIOT_CO_TRY(const std::vector<Sample> samples, std::move(taken));
  if (session_->greeting().energy_mode && !info.has_edges) {
    dut_.notice("bench.no_edges", "this monitor does not see the device's pin by itself",
                    "send its edges with its samples, or build the firmware for performance");
  }
  Result<void> started = co_await power_->start();
  AIOT_CO_CHECK(std::move(started));
  dut_.step("calibrate", 2);
  Result<double> each = co_await calibrate_energy(samples.front());
  if (!each) co_return std::move(each).error();
  std::uint32_t iterations = iterations_for(*each, request_.window);
  dut_.step("energy", 10.0 * request_.windows);
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
          co_await infer(sample, iterations, request_.warmups, Input::proven);
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
        Result<void> compared = co_await compare(sample, done->results);
        AIOT_CO_CHECK(std::move(compared));
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
        each_s_ = std::max(stretch->seconds / iterations, 1e-7);
        iterations = iterations_for(each_s_, request_.window);
      }
    }
    dut_.progress(energies.size(), samples.size(), "windows");
  }
  const power::Recorder& recorder = power_->recorder();
  const double middle = median(energies);
  found.median_microjoules = middle;
  found.spread = spread(energies);
  found.repeated = repeated;
  found.bounded_by = session_->greeting().energy_mode ? Boundary::edges : Boundary::laps;
  found.samples = recorder.samples();
  found.lost_samples = recorder.lost_samples();
  found.lost_edges = recorder.lost_edges();
  found.buffer_percent = recorder.fullest_percent();
  result_.energy = std::move(found);
  text_.end_energy(middle);
  if (recorder.lost_samples() > 0 || recorder.lost_edges() > 0) {
    dut_.notice("bench.lost_samples",
                    fmt::format("the monitor lost {} samples and {} edges; those windows were "
                                "measured again",
                                recorder.lost_samples(), recorder.lost_edges()),
                    "");
  }
  Result<void> finished = co_await power_->finish();
  co_return finished;
}

}  // namespace aiot::bench
