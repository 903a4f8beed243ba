#include "job/bench/session.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "crypto/digest.hpp"
#include "image/files.hpp"
#include "job/bench/error.hpp"

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

Error ended_in(const std::string& step, const Ending& ending, const ModelResult& result) {
  std::string context;
  std::string hint = "allow more time";
  if (step == "load") {
    context = "one inference takes longer than that";
  } else if (step == "warm up") {
    context = "the model was still warming up";
    hint += ", or a shorter warm-up";
  } else if (step == "measure") {
    context = fmt::format("{} runs were measured", result.latency.count);
    hint += ", or ask for fewer runs or a shorter measurement";
  } else if (step == "profile") {
    context = "operators were being timed";
    hint += ", or leave their times out";
  } else {
    context = fmt::format("{} of {} files were run", result.accuracy ? result.accuracy->files : 0,
                          result.accuracy ? result.accuracy->all_files : 0);
    hint += ", or give fewer files";
  }
  if (ending.stopped()) return make_error(Errc::stopped, std::move(context),
                                           "measure again: a part stands for nothing but itself");
  return make_error(Errc::out_of_time, std::move(context), std::move(hint));
}

Session::Session(const Surroundings& surroundings, const Request& request, const RunResult& run,
                 EventSink& sink, const Ending& ending)
    : surroundings_(surroundings), request_(request), run_(run), sink_(sink), ending_(ending) {}

void Session::enter(std::string step, double weight) {
  step_ = std::move(step);
  sink_.on_event(event::Step{name_, step_, weight});
}

Result<ModelResult> Session::measure(Subject subject) {
  name_ = subject.name;
  enter("load", 0.05);
  forget_peak_rss(surroundings_.root);
  ModelResult result;
  AIOT_TRY(const EngineFactory engines, surroundings_.engines(request_.setup, subject));
  AIOT_TRY(const EnginePointer engine, engines());
  result.engine = engine->name();
  result.inputs = engine->inputs();
  result.outputs = engine->outputs();
  result.memory = engine->memory();
  result.float_model = subject.model && multiplies_floats(*subject.model);
  result.subject = std::move(subject);
  for (const auto& op : engine->operators()) result.macs += op.macs;

  fill_inputs(*engine, input_seed);
  AIOT_CHECK(engine->invoke());
  if (ending_.out_of_time()) return ended_in(step_, ending_, result);
  result.output_sha256 = hash_of_outputs(*engine);
  AIOT_CHECK(take_latency(*engine, result));
  result.peak_rss_bytes = peak_rss_bytes();
  if (request_.profile && result.complete) {
    AIOT_CHECK(take_operators(*engine, result));
  }
  if (!request_.data.folder.empty() && result.complete) {
    AIOT_CHECK(take_accuracy(result));
  }
  return result;
}

Result<void> Session::take_latency(inference::Engine& engine, ModelResult& result) {
  const Clocks& clocks = surroundings_.clocks;
  enter("warm up", 0.2);
  result.clock_cost = clock_cost(clocks);
  AIOT_TRY(result.warm_up, warm_up(engine, clocks, request_.warm_up, ending_));
  if (ending_.out_of_time()) return ended_in(step_, ending_, result);
  enter("measure", 0.5);
  Usage& usage = result.usage;
  usage.cpus = request_.setup.cpus;
  usage.threads = request_.setup.threads;
  usage.allowed_cpus = allowed_cpus();
  const std::uint64_t preempted_before = surroundings_.preempted();
  usage.before = read_machine_state(surroundings_.root, ::sched_getcpu());
  const Limits limits{request_.runs, request_.duration};
  AIOT_TRY(
      Times times,
      bench::measure(engine, clocks, limits, ending_, [&](Nanoseconds elapsed, std::uint64_t runs) {
        using std::chrono::milliseconds;
        const auto ms = [](Nanoseconds t) {
          return static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(t).count());
        };
        const bool counted = request_.runs > 0;
        sink_.on_event(event::Progress{name_, counted ? runs : ms(elapsed),
                                       counted ? request_.runs : ms(request_.duration),
                                       counted ? "runs" : "ms"});
      }));
  usage.after = read_machine_state(surroundings_.root, ::sched_getcpu());
  usage.preempted = surroundings_.preempted() - preempted_before;
  usage.wall = times.wall;
  usage.thread_cpu = times.thread_cpu;
  usage.process_cpu = times.process_cpu;
  if (times.more.count() == 0) {
    result.latency = summarize(times.runs);
    result.histogram = histogram(times.runs, histogram_bins);
  } else {
    for (const Nanoseconds time : times.runs) times.more.add(time);
    result.latency = times.more.summary();
    result.histogram = times.more.histogram(histogram_bins);
  }
  result.complete = times.complete;
  result.spoiled = reasons_against(usage, run_.machine);
  for (const Reason& reason : result.spoiled) {
    sink_.on_event(event::Notice{name_, reason.code, reason.text, reason.hint});
  }
  return {};
}

Result<void> Session::take_operators(inference::Engine& engine, ModelResult& result) {
  enter("profile", 0.1);
  AIOT_TRY(const auto times, profile(engine, surroundings_.clocks, request_.duration / 4, ending_));
  if (times.empty()) {
    result.complete = !ending_.due();
    return {};
  }
  Nanoseconds sum{0};
  for (const Nanoseconds time : times) sum += time;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double share =
        sum.count() > 0 ? static_cast<double>(times[i].count()) / static_cast<double>(sum.count())
                        : 0;
    result.operators.push_back({engine.operators()[i], times[i], share});
  }
  return {};
}

Result<void> Session::take_accuracy(ModelResult& result) {
  enter("accuracy", 0.5);
  const Data& wanted = request_.data;
  DataSet data;
  AIOT_TRY(data.labels, read_labels(wanted.labels_file));
  data.type = wanted.type;
  data.read = [&wanted](const std::string& file) -> Result<Bytes> {
    AIOT_TRY(const std::string path, image::path_below(wanted.folder, file));
    return image::read_file(path);
  };
  // The files are what is spread over the CPUs.
  Setup setup = request_.setup;
  setup.threads = 1;
  AIOT_TRY(const EngineFactory engines, surroundings_.engines(setup, result.subject));
  const std::uint64_t files = data.labels.size();
  Nanoseconds told{0};
  AIOT_TRY(result.accuracy,
           evaluate(data, engines, workers_for(request_), ending_, [&](std::uint64_t done) {
             const Nanoseconds now = surroundings_.clocks.wall();
             if (now - told < std::chrono::milliseconds(100)) return;
             told = now;
             sink_.on_event(event::Progress{name_, done, files, "files"});
           }));
  result.complete = result.accuracy->complete;
  return {};
}

}  // namespace aiot::bench
