#include "job/bench/host/run.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <thread>

#include "crypto/digest.hpp"
#include "image/files.hpp"
#include "inference/peak.hpp"
#include "job/bench/host/accuracy.hpp"
#include "job/bench/host/baseline.hpp"
#include "job/bench/host/error.hpp"
#include "job/bench/host/limits.hpp"
#include "job/bench/host/machine.hpp"

namespace aiot::bench {
namespace {

/// Of the pseudo-random inputs: a result's output_sha256 is that of these on every machine.
constexpr std::uint64_t input_seed = 1;
constexpr std::size_t histogram_bins = 60;

std::uint64_t peak_rss_bytes() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

/// From here on the most that the process has in memory is counted anew (proc(5), clear_refs):
/// what was there before, such as the buffer that memory is measured with, is not this model's.
void forget_peak_rss(const std::string& root) {
  std::ofstream(root + "/proc/self/clear_refs") << 5;
}

std::string hash_of_outputs(const inference::Engine& engine) {
  Bytes all;
  for (std::size_t i = 0; i < engine.outputs().size(); ++i) append(all, engine.output(i));
  return to_hex(crypto::sha256(all));
}

/// That this process may run on; 0 when the system does not say.
unsigned allowed_cpus() {
  cpu_set_t set{};
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

unsigned workers_for(const Request& request) {
  if (request.data.workers > 0) return request.data.workers;
  if (!request.setup.cpus.empty()) return static_cast<unsigned>(request.setup.cpus.size());
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

bool multiplies_floats(const inference::Model& model) {
  using inference::Code;
  return std::any_of(model.operators.begin(), model.operators.end(), [&](const auto& op) {
    const bool has_weights = op.code == Code::conv_2d || op.code == Code::depthwise_conv_2d ||
                             op.code == Code::fully_connected || op.code == Code::transpose_conv;
    if (!has_weights) return false;
    // Its other inputs are the weights (or a shape) and the bias.
    const std::size_t at = op.code == Code::transpose_conv ? 2 : 0;
    if (op.inputs.size() <= at || op.inputs[at] < 0) return false;
    return model.tensors[static_cast<std::size_t>(op.inputs[at])].type == inference::Type::float32;
  });
}

Result<std::vector<Label>> read_labels(const std::string& file) {
  AIOT_TRY(const Bytes text, image::read_file(file, most_label_bytes));
  return parse_labels(to_string(text)).with(file);
}

double roof_gmacs_per_s(const RunResult& run, bool is_float) {
  if (!run.peak) return 0;
  const double one = is_float ? run.peak->float_gmacs_per_s : run.peak->int8_gmacs_per_s;
  // More threads than CPUs multiply no more.
  const auto cpus = run.setup.cpus.empty() ? std::size_t{run.machine.cpus} : run.setup.cpus.size();
  return one * static_cast<double>(
                   std::clamp<std::size_t>(run.setup.threads, 1, std::max<std::size_t>(cpus, 1)));
}

namespace {

double us(Nanoseconds time) { return static_cast<double>(time.count()) / 1000; }
double in_seconds(Nanoseconds time) { return std::chrono::duration<double>(time).count(); }

double gmacs_per_s(std::uint64_t macs, double time_us) {
  return time_us > 0 ? static_cast<double>(macs) / time_us / 1000 : 0;
}

std::vector<Tensor> tensors_of(const std::vector<inference::TensorInfo>& infos) {
  std::vector<Tensor> out;
  for (const inference::TensorInfo& info : infos) {
    Tensor tensor{info.name, std::string(inference::name_of(info.type)), info.shape, info.bytes, {},
                  {}};
    if (info.scale > 0) {
      tensor.scale = static_cast<double>(info.scale);
      tensor.zero_point = info.zero_point;
    }
    out.push_back(std::move(tensor));
  }
  return out;
}

Latency latency_of(const Summary& s, const std::vector<TimeBin>& bins) {
  Latency latency;
  latency.runs = s.count;
  latency.min_us = us(s.min);
  latency.p50_us = us(s.p50);
  latency.p90_us = us(s.p90);
  latency.p99_us = us(s.p99);
  latency.p999_us = us(s.p999);
  latency.percentile_error = s.percentile_error;
  latency.max_us = us(s.max);
  latency.mean_us = s.mean_ns / 1000;
  latency.stddev_us = s.stddev_ns / 1000;
  for (const TimeBin& bin : bins)
    latency.histogram.push_back({us(bin.from), us(bin.to), bin.count});
  return latency;
}

std::vector<OperatorGroup> groups_of(const std::vector<Operator>& operators) {
  std::vector<OperatorGroup> groups;
  for (const Operator& op : operators) {
    auto group = std::ranges::find(groups, op.name, &OperatorGroup::name);
    if (group == groups.end()) group = groups.insert(groups.end(), OperatorGroup{.name = op.name});
    ++group->count;
    group->macs += op.macs;
    group->time_us += op.time_us;
    group->share += op.share;
  }
  for (OperatorGroup& group : groups) group.gmacs_per_s = gmacs_per_s(group.macs, group.time_us);
  std::ranges::stable_sort(groups, std::greater<>(), &OperatorGroup::time_us);
  return groups;
}

Accuracy accuracy_of(const Evaluation& e) {
  Accuracy out;
  out.files = e.files;
  out.windows = e.windows;
  out.form = e.form;
  out.workers = e.workers;
  out.complete = e.complete;
  if (e.confusion) {
    out.right = e.confusion->right();
    out.top1 = Share{e.accuracy(), e.interval.low, e.interval.high, "Wilson, 95 %"};
    auto& rows = out.confusion.emplace();
    for (std::uint32_t truth = 0; truth < e.confusion->classes(); ++truth) {
      auto& row = rows.emplace_back();
      for (std::uint32_t taken = 0; taken < e.confusion->classes(); ++taken) {
        row.push_back(e.confusion->at(truth, taken));
      }
    }
  }
  if (e.auc) {
    out.auc = RocArea{
        {e.auc->value, e.auc->interval.low, e.auc->interval.high, "Hanley and McNeil, 95 %"},
        e.auc->positives,
        e.auc->negatives};
  }
  return out;
}

/// "2026-11-24T10:05:00Z"
std::string time_text(std::chrono::system_clock::time_point time) {
  const std::time_t seconds_since = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  ::gmtime_r(&seconds_since, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

/// One model on its way through the benchmark.
class ModelRun {
 public:
  ModelRun(const Environment& environment, const Request& request, const RunResult& run,
           EventSink& sink, const Ending& ending)
      : environment_(environment), request_(request), run_(run), sink_(sink), ending_(ending) {}

  /// Latency, memory, operators, and accuracy where a data set is given. When the ending comes
  /// first, the result is not complete, and step() is where it came; before any run was measured
  /// the end of the time allowed is an error, Errc::out_of_time.
  Result<ModelResult> measure(NamedModel model);
  /// Where measure() was when it ended: "load", "warm up", "measure", "profile", "accuracy".
  const std::string& step() const { return step_; }
  /// Why the result is not complete: Errc::stopped or out_of_time.
  Error ended(const ModelResult& result) const;

 private:
  void enter(std::string step, double weight);
  Result<void> take_latency(inference::Engine& engine, ModelResult& result);
  Result<void> take_operators(inference::Engine& engine, ModelResult& result);
  Result<void> take_accuracy(const NamedModel& model, ModelResult& result);

  const Environment& environment_;
  const Request& request_;
  const RunResult& run_;
  EventSink& sink_;
  const Ending& ending_;
  std::string name_;
  std::string step_;
  std::uint64_t all_files_ = 0;  ///< of the data set
};

void ModelRun::enter(std::string step, double weight) {
  step_ = std::move(step);
  sink_.on_event(event::Step{name_, step_, weight});
}

Result<ModelResult> ModelRun::measure(NamedModel model) {
  name_ = model.name;
  enter("load", 0.05);
  forget_peak_rss(environment_.root);
  ModelResult result;
  AIOT_TRY(const EngineFactory engines, environment_.engines(request_.setup, model));
  AIOT_TRY(const EnginePointer engine, engines());
  result.name = model.name;
  result.file = model.file;
  result.sha256 = model.sha256;
  result.description = model.description;
  result.engine = engine->name();
  result.inputs = tensors_of(engine->inputs());
  result.outputs = tensors_of(engine->outputs());
  const inference::MemoryUse memory = engine->memory();
  result.memory = {memory.arena_bytes, memory.weights_bytes, model.model_bytes, 0};
  result.is_float = model.model && multiplies_floats(*model.model);
  result.peak_gmacs_per_s = roof_gmacs_per_s(run_, result.is_float);
  for (const auto& op : engine->operators()) result.macs += op.macs;

  fill_inputs(*engine, input_seed);
  AIOT_CHECK(engine->invoke());
  if (ending_.out_of_time()) return ended(result);
  result.output_sha256 = hash_of_outputs(*engine);
  AIOT_CHECK(take_latency(*engine, result));
  result.memory.peak_rss_bytes = peak_rss_bytes();
  if (request_.profile && result.complete) {
    AIOT_CHECK(take_operators(*engine, result));
  }
  if (!request_.data.folder.empty() && result.complete) {
    AIOT_CHECK(take_accuracy(model, result));
  }
  return result;
}

Result<void> ModelRun::take_latency(inference::Engine& engine, ModelResult& result) {
  const Clocks& clocks = environment_.clocks;
  enter("warm up", 0.2);
  const Nanoseconds clock = clock_cost(clocks);
  AIOT_TRY(const WarmUp warmed, warm_up(engine, clocks, request_.warm_up, ending_));
  if (ending_.out_of_time()) return ended(result);
  enter("measure", 0.5);
  Usage usage;
  usage.cpus = request_.setup.cpus;
  usage.threads = request_.setup.threads;
  usage.allowed_cpus = allowed_cpus();
  const std::uint64_t preempted_before = environment_.preempted();
  usage.before = read_machine_state(environment_.root, ::sched_getcpu());
  Limits limits{request_.runs, request_.duration};
  if (request_.stream > 0) {
    limits.runs = request_.stream;
    engine.reset();
    limits.before_each = [&engine](std::uint64_t run) { fill_inputs(engine, input_seed + run); };
  }
  if (request_.fresh_state) {
    limits.before_each = [&engine](std::uint64_t) { engine.reset(); };
  }
  AIOT_TRY(
      Times times,
      bench::measure(engine, clocks, limits, ending_, [&](Nanoseconds elapsed, std::uint64_t runs) {
        using std::chrono::milliseconds;
        const auto ms = [](Nanoseconds t) {
          return static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(t).count());
        };
        const bool counted = limits.runs > 0;
        sink_.on_event(event::Progress{name_, counted ? runs : ms(elapsed),
                                       counted ? limits.runs : ms(request_.duration),
                                       counted ? "runs" : "ms"});
      }));
  usage.after = read_machine_state(environment_.root, ::sched_getcpu());
  usage.preempted = environment_.preempted() - preempted_before;
  usage.wall = times.wall;
  usage.thread_cpu = times.thread_cpu;
  usage.process_cpu = times.process_cpu;
  if (request_.stream > 0 && request_.period.count() > 0) {
    result.stream = stream_of(times.runs, request_.period);
    if (!result.stream->keeps_up) {
      sink_.on_event(
          event::Notice{name_, "bench.late",
                        fmt::format("{} of {} results came after the next input",
                                    result.stream->late, times.runs.size()),
                        "take a faster machine or a smaller model, and look at the slowest runs"});
    }
  }
  Latency& latency = result.latency;
  if (times.more.count() == 0) {
    const Summary summary = summarize(times.runs);
    latency = latency_of(summary, histogram(times.runs, histogram_bins));
  } else {
    for (const Nanoseconds time : times.runs) times.more.add(time);
    latency = latency_of(times.more.summary(), times.more.histogram(histogram_bins));
  }
  latency.clock_cost_us = us(clock);
  latency.warm_up_runs = warmed.runs;
  latency.warm_up_s = in_seconds(warmed.time);
  latency.settled = warmed.settled;
  if (latency.p50_us > 0) result.runs_per_s = 1e6 / latency.p50_us;
  if (usage.wall.count() > 0) {
    result.reached_runs_per_s = static_cast<double>(latency.runs) / in_seconds(usage.wall);
  }
  result.gmacs_per_s = gmacs_per_s(result.macs, latency.p50_us);
  if (result.peak_gmacs_per_s > 0) {
    result.peak_share = result.gmacs_per_s / result.peak_gmacs_per_s;
  }
  result.conditions = conditions_of(usage);
  result.complete = times.complete;
  result.disturbances = disturbances_in(usage, run_.machine);
  for (const Disturbance& found : result.disturbances) {
    sink_.on_event(event::Notice{name_, found.code, found.message, found.hint});
  }
  return {};
}

Result<void> ModelRun::take_operators(inference::Engine& engine, ModelResult& result) {
  enter("profile", 0.1);
  AIOT_TRY(const auto times, profile(engine, environment_.clocks, request_.duration / 4, ending_));
  if (times.empty()) {
    result.complete = !ending_.due();
    return {};
  }
  Nanoseconds sum{0};
  for (const Nanoseconds time : times) sum += time;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const inference::OperatorInfo& info = engine.operators()[i];
    Operator op;
    op.index = i;
    op.name = info.name;
    op.output_shape = info.output_shape;
    op.time_us = us(times[i]);
    if (sum.count() > 0) {
      op.share = static_cast<double>(times[i].count()) / static_cast<double>(sum.count());
    }
    op.macs = info.macs;
    op.bytes = info.bytes;
    op.gmacs_per_s = gmacs_per_s(op.macs, op.time_us);
    if (result.peak_gmacs_per_s > 0 && op.macs > 0) {
      op.peak_share = op.gmacs_per_s / result.peak_gmacs_per_s;
    }
    result.operators.push_back(std::move(op));
  }
  result.groups = groups_of(result.operators);
  return {};
}

Result<void> ModelRun::take_accuracy(const NamedModel& model, ModelResult& result) {
  enter("accuracy", 0.5);
  const Data& wanted = request_.data;
  EvaluationData data;
  AIOT_TRY(data.labels, read_labels(wanted.labels_file));
  data.type = wanted.type;
  data.read = [&wanted](const std::string& file) -> Result<Bytes> {
    AIOT_TRY(const std::string path, image::path_below(wanted.folder, file));
    return image::read_file(path);
  };
  // The files are what is spread over the CPUs.
  Setup setup = request_.setup;
  setup.threads = 1;
  AIOT_TRY(const EngineFactory engines, environment_.engines(setup, model));
  const std::uint64_t files = data.labels.size();
  Nanoseconds last{0};
  AIOT_TRY(const Evaluation evaluation,
           evaluate(data, engines, workers_for(request_), ending_, [&](std::uint64_t done) {
             const Nanoseconds now = environment_.clocks.wall();
             if (now - last < std::chrono::milliseconds(100)) return;
             last = now;
             sink_.on_event(event::Progress{name_, done, files, "files"});
           }));
  all_files_ = evaluation.all_files;
  result.accuracy = accuracy_of(evaluation);
  result.complete = evaluation.complete;
  return {};
}

Error ModelRun::ended(const ModelResult& result) const {
  std::string context;
  std::string hint = "allow more time";
  if (step_ == "load") {
    context = "one inference takes longer than that";
  } else if (step_ == "warm up") {
    context = "the model was still warming up";
    hint += ", or a shorter warm-up";
  } else if (step_ == "measure") {
    context = fmt::format("{} runs were measured", result.latency.runs);
    hint += ", or ask for fewer runs or a shorter measurement";
  } else if (step_ == "profile") {
    context = "operators were being timed";
    hint += ", or leave their times out";
  } else {
    context = fmt::format("{} of {} files were run", result.accuracy ? result.accuracy->files : 0,
                          all_files_);
    hint += ", or give fewer files";
  }
  if (ending_.stopped()) {
    return make_error(Errc::stopped, std::move(context), "measure again for complete figures");
  }
  return make_error(Errc::out_of_time, std::move(context), std::move(hint));
}

std::uint64_t preempted() {
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? static_cast<std::uint64_t>(usage.ru_nivcsw) : 0;
}

Result<void> check(const Request& request, std::size_t models) {
  const auto bad = [](std::string what, std::string hint) {
    return make_error(Errc::bad_request, std::move(what), std::move(hint));
  };
  if (request.data.folder.empty() != request.data.labels_file.empty()) {
    return bad("a data set is its folder and its labels", "name both");
  }
  if (!request.data.folder.empty() && models != 1) {
    return bad(fmt::format("a data set for {} models", models), "name the model that it is for");
  }
  if (request.data.min_accuracy > 0 && request.data.folder.empty()) {
    return bad("a least accuracy without a data set", "name its folder and its labels");
  }
  if (request.stream == 0 && request.period.count() > 0)
    return bad("a period without a stream", "say how many inputs come");
  if (request.stream > 0 && (request.runs > 0 || request.fresh_state)) {
    return bad("a stream with runs, or with fresh state each time", "choose one");
  }
  if (std::max(request.runs, request.stream) > most_runs) {
    return bad(fmt::format("{} runs", std::max(request.runs, request.stream)),
               fmt::format("at most {}", most_runs));
  }
  return {};
}

Result<std::vector<NamedModel>> models_of(const Environment& environment, const Request& request) {
  std::vector<std::string> words = request.models;
  if (words.empty()) {
    for (const Choice& model : builtin_models()) words.push_back(model.name);
  }
  std::vector<NamedModel> models;
  std::set<std::string> seen;
  std::set<std::string> names;
  for (const std::string& word : words) {
    if (!seen.insert(word).second) {
      return make_error(Errc::bad_request, fmt::format("{} is named twice", word),
                        "name each model once");
    }
    AIOT_TRY(NamedModel model, environment.find(word));
    // Events and failures differ by the name.
    if (!names.insert(model.name).second) model.name = word;
    models.push_back(std::move(model));
  }
  return models;
}

Result<std::optional<RunResult>> baseline_of(const Request& request) {
  if (request.baseline_file.empty()) return std::optional<RunResult>();
  AIOT_TRY(const Bytes text, image::read_file(request.baseline_file, most_baseline_bytes));
  AIOT_TRY(RunResult baseline, parse_baseline(to_string(text)).with(request.baseline_file));
  return std::optional(std::move(baseline));
}

}  // namespace

Result<Report> run_in(const Environment& environment, const Request& request, EventSink& sink,
                      std::stop_token stop) {
  // All of it counts, from the first file that is read.
  const auto& now = environment.clocks.wall;
  const Ending ending = request.timeout.count() > 0
                            ? Ending(std::move(stop), now, now() + request.timeout)
                            : Ending(std::move(stop));
  AIOT_TRY(auto models, models_of(environment, request));
  AIOT_CHECK(check(request, models.size()));
  AIOT_TRY(const auto baseline, baseline_of(request));
  // An error in the labels is found before minutes of measuring.
  if (!request.data.labels_file.empty()) {
    AIOT_CHECK(read_labels(request.data.labels_file));
  }
  AIOT_TRY(const Pin pin, Pin::to(request.setup.cpus));
  Report report;
  report.models = models.size();
  RunResult& result = report.result;
  result.setup = request.setup;
  if (const auto isa = isa_in_use(request.setup)) result.isa = inference::name_of(*isa);
  result.time = time_text(environment.now());
  result.machine = read_machine(environment.root);
  if (request.peak) result.peak = environment.peak(request.setup);

  const LimitCheck limits(request, baseline, result);
  bool cut_short = false;  // a stop, or the end of the time, left models out
  for (NamedModel& model : models) {
    cut_short = cut_short || ending.stopped();
    if (cut_short) break;
    const std::string name = model.name;
    sink.on_event(event::Started{name, "bench run"});
    ModelRun run(environment, request, result, sink, ending);
    auto measured = run.measure(std::move(model));
    std::vector<Failure> failures;
    if (!measured) {
      failures.push_back({name, run.step(), std::move(measured).error()});
    } else if (!measured->complete) {
      failures.push_back({name, run.step(), run.ended(*measured)});
    } else {
      failures = limits.failures(*measured);
    }
    if (measured && measured->comparison && measured->comparison->baseline_disturbed) {
      sink.on_event(event::Notice{name, "bench.baseline_spoiled", std::string(baseline_not_quiet),
                                  "measure the baseline again on a quiet machine"});
    }
    if (failures.empty()) {
      sink.on_event(event::Finished{name, *measured});
    } else {
      // Reported for one model; the others have no time left either.
      cut_short = failures.front().error.code == Errc::out_of_time;
      // A model ends once, with the most important of its failures.
      sink.on_event(event::Failed{name, failures.front().step, failures.front().error});
      for (Failure& failure : failures) report.failures.push_back(std::move(failure));
    }
    if (measured) result.models.push_back(*std::move(measured));
  }
  if (ending.stopped() && report.failures.empty()) {
    report.failures.push_back({"", "measure", make_error(Errc::stopped)});
  }
  result.complete = !cut_short && !result.models.empty() &&
                    std::ranges::all_of(result.models, &ModelResult::complete);
  return report;
}

Environment real_environment() {
  return {real_clocks(),
          [] { return std::chrono::system_clock::now(); },
          preempted,
          "",
          find_model,
          [](const Setup& setup, const NamedModel& model) {
            return engine_factory(setup, model.model);
          },
          [](const Setup& setup) -> std::optional<Peak> {
            // An engine that chooses for itself is held to the fastest there is.
            const auto isa = isa_in_use(setup).value_or(inference::isas_here().front());
            if (!inference::can_run(isa)) return std::nullopt;
            const auto peak = inference::measure_peak(isa, std::chrono::milliseconds(300));
            return Peak{peak.int8_macs_per_s / 1e9, peak.float_macs_per_s / 1e9,
                        peak.bytes_per_s / 1e9};
          }};
}

Result<Report> run(const Request& request, EventSink& sink, std::stop_token stop) {
  return run_in(real_environment(), request, sink, std::move(stop));
}

}  // namespace aiot::bench
