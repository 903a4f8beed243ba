// inference [ROUNDS]: the four models of MLPerf Tiny on every engine here, interleaved in rounds,
// so that what else the machine does hits all alike; then one thread and two. The models are those
// of AIOT_TEST_DATA/mlperf-tiny, or the built-in ones. Goals: at most half of XNNPACK's and of
// tfjs-tflite's median, two threads 1.6 times as fast as one.

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "inference/builtin/builtin.hpp"
#include "inference/external/external.hpp"
#include "inference/model/file.hpp"
#include "inference/peak.hpp"
#include "mobilenet_v2.hpp"
#include "runner.hpp"

namespace {

using namespace aiot;
using inference::Model;

struct Task {
  const char* name;
  const char* builtin;
  const char* file;
  double goal;  ///< of Debian's XNNPACK: what a later XNNPACK takes
};
constexpr Task tasks[] = {{"KWS", "kws", "kws_ref_model", 0.49},
                          {"VWW", "vww", "vww_96_int8", 0.58},
                          {"ResNet", "ic", "pretrainedResnet_quant", 0.40},
                          {"AD", "ad", "ad01_int8", 0.49}};
constexpr unsigned runs_per_round = 40;
constexpr double most_of_peers = 0.5;
constexpr double least_speed_up = 1.6;

std::string data_folder() {
  const char* folder = std::getenv("AIOT_TEST_DATA");
  return folder == nullptr ? "" : std::string(folder) + "/mlperf-tiny";
}

Bytes file_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<const Model> model_of(const Task& task) {
  auto model =
      inference::read_model_file(fmt::format("{}/models/{}.tflite", data_folder(), task.file));
  if (!model) model = inference::builtin_model(task.builtin);
  if (!model) std::abort();
  return std::make_shared<const Model>(*std::move(model));
}

/// The model as a file, for peers that want one.
class ModelFile {
 public:
  explicit ModelFile(const Model& model) {
    const char* folder = std::getenv("TMPDIR");
    path_ = fmt::format("{}/aiot-bench-{}.tflite", folder ? folder : "/tmp", getpid());
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(model.file.data()),
               static_cast<std::streamsize>(model.file.size()));
  }
  ~ModelFile() { std::remove(path_.c_str()); }
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Measured {
  std::string name;
  std::unique_ptr<bench::Runner> runner;
  std::vector<double> times;

  double at(double part) {
    std::sort(times.begin(), times.end());
    return times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))];
  }
};

void add(std::vector<Measured>& all, std::string name,
         Result<std::unique_ptr<inference::Engine>> engine) {
  if (!engine) {
    fmt::print("{} is left out: {}\n", name, engine.error().message());
    return;
  }
  all.push_back({std::move(name), bench::engine_runner(*std::move(engine)), {}});
}

void measure(std::vector<Measured>& all, unsigned rounds) {
  for (auto& one : all) one.runner->run(runs_per_round);
  for (unsigned round = 0; round < rounds; ++round) {
    for (auto& one : all) {
      const auto times = one.runner->run(runs_per_round);
      one.times.insert(one.times.end(), times.begin(), times.end());
    }
  }
}

/// "3 of 192 bytes", of the outputs for the inputs 1 to 16.
std::string difference(const Task& task, bench::Runner& runner) {
  std::size_t bytes = 0;
  std::size_t different = 0;
  for (int k = 0; k < 17; ++k) {
    const auto input = file_of(fmt::format("{}/inputs/{}.{}.bin", data_folder(), task.file, k));
    const auto expected =
        file_of(fmt::format("{}/expected_ref/{}.{}.bin", data_folder(), task.file, k));
    if (input.empty() || expected.empty()) continue;
    const auto output = runner.output(input);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ++bytes;
      different += i >= output.size() || output[i] != expected[i] ? 1 : 0;
    }
  }
  return bytes == 0 ? "no reference" : fmt::format("{} of {} bytes", different, bytes);
}

bool one_thread(const Task& task, unsigned rounds) {
  const auto model = model_of(task);
  const ModelFile file(*model);
  std::vector<Measured> all;
  for (const auto isa : inference::isas_here()) {
    if (isa == inference::Isa::scalar) continue;
    add(all, std::string(inference::name_of(isa)),
        inference::make_reference_engine(model, {isa, 1}));
  }
  const auto own = all.size();
  add(all, "xnnpack", inference::make_xnnpack_engine(model, {std::nullopt, 1}));
  if (auto node = bench::node_runner(file.path()))
    all.push_back({"tfjs-tflite", std::move(node), {}});
  measure(all, rounds);
  fmt::print("{} ({})\n", task.name, model->description);
  bool good = true;
  for (auto& one : all) {
    fmt::print("  {:<12} p50 {:8.1f}  min {:8.1f}  p99 {:8.1f} us   differs in {}\n", one.name,
               one.at(0.5), one.at(0), one.at(0.99), difference(task, *one.runner));
  }
  if (own == 0) return true;
  for (auto i = own; i < all.size(); ++i) {
    const auto ratio = all[0].at(0.5) / all[i].at(0.5);
    good = good && ratio <= most_of_peers;
    fmt::print("  {} / {}: {:.2f}, by minima {:.2f} (at most {}{}) {}\n", all[0].name, all[i].name,
               ratio, all[0].at(0) / all[i].at(0), most_of_peers,
               all[i].name == "xnnpack" ? fmt::format(", goal {}", task.goal) : "",
               ratio <= most_of_peers ? "ok" : "MISSED");
  }
  return good;
}

/// What the peak of each instruction set comes to in a cycle, beside what no CPU does: two vectors.
/// A chain of additions, one a cycle, tells what a cycle is.
bool peaks() {
  constexpr int adds = 1'000'000;
  constexpr int pieces = 200;
  double cycles_per_s = 0;
  for (int i = 0; i < pieces; ++i) {
    std::uint64_t sum = 0;
    const auto start = std::chrono::steady_clock::now();
    for (int k = 0; k < adds; ++k) asm volatile("" : "+r"(++sum));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    cycles_per_s = std::max(cycles_per_s, adds / took.count());
  }
  struct Bound {
    inference::Isa isa;
    double int8, floats;  ///< products of two vectors
  };
  using enum inference::Isa;
  constexpr Bound bounds[] = {{scalar, 2, 2},         {avx2, 64, 16}, {avx_vnni, 64, 16},
                              {avx512_vnni, 128, 32}, {neon, 8, 8},   {neon_dot, 64, 16}};
  bool good = true;
  for (const auto isa : inference::isas_here()) {
    const auto peak = inference::measure_peak(isa, std::chrono::milliseconds(600));
    const auto& bound = *std::ranges::find(bounds, isa, &Bound::isa);
    constexpr double inexact = 1.1;
    const double int8 = peak.int8_macs_per_s / cycles_per_s;
    const double floats = peak.float_macs_per_s / cycles_per_s;
    const bool holds = int8 <= inexact * bound.int8 && floats <= inexact * bound.floats;
    good = good && holds;
    fmt::print("peak {}: {:.1f} int8 and {:.1f} float MACs a cycle (at most {} and {}) {}\n",
               inference::name_of(isa), int8, floats, bound.int8, bound.floats,
               holds ? "ok" : "MISSED");
  }
  return good;
}

bool two_threads(const char* name, const std::shared_ptr<const Model>& model, unsigned rounds) {
  std::vector<Measured> all;
  add(all, "1 thread", inference::make_reference_engine(model, {std::nullopt, 1}));
  add(all, "2 threads", inference::make_reference_engine(model, {std::nullopt, 2}));
  measure(all, rounds);
  const auto speed_up = all[0].at(0.5) / all[1].at(0.5);
  fmt::print(
      "{}: 1 thread {:.1f}, 2 threads {:.1f} us: {:.2f} times as fast (by minima {:.2f}; at "
      "least {}) {}\n",
      name, all[0].at(0.5), all[1].at(0.5), speed_up, all[0].at(0) / all[1].at(0), least_speed_up,
      speed_up >= least_speed_up ? "ok" : "MISSED");
  return speed_up >= least_speed_up;
}

}  // namespace

int main(int argc, char** argv) {
  const auto rounds = static_cast<unsigned>(argc > 1 ? std::atoi(argv[1]) : 50);
  cpu_set_t before;
  sched_getaffinity(0, sizeof before, &before);
  cpu_set_t last;
  CPU_ZERO(&last);
  CPU_SET(static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN) - 1), &last);
  const bool first = setpriority(PRIO_PROCESS, 0, -10) == 0;
  double load = 0;
  getloadavg(&load, 1);
  fmt::print("{} rounds of {} runs, on one CPU{}; load average {:.1f}\n", rounds, runs_per_round,
             first ? ", before other programs" : "", load);
  sched_setaffinity(0, sizeof last, &last);
  bool good = true;
  good = peaks();
  for (const auto& task : tasks) good = one_thread(task, rounds) && good;
  sched_setaffinity(0, sizeof before, &before);
  // Both threads want a CPU each, at the same time: where it is allowed, before all other programs.
  const sched_param lowest{1};
  if (sched_setscheduler(0, SCHED_RR, &lowest) == 0) fmt::print("two threads: as real-time ones\n");
  good = two_threads("ResNet", model_of(tasks[2]), rounds) && good;
  auto mobilenet = inference::read_model(bench::mobilenet_v2());
  if (!mobilenet) std::abort();
  good = two_threads("MobileNet v2 (224 x 224, random weights)",
                     std::make_shared<const Model>(*std::move(mobilenet)),
                     std::max(1U, rounds / 10)) &&
         good;
  two_threads("MobileNet v1 0.25 (96 x 96)", model_of(tasks[1]),
              rounds);  // for the record
  getloadavg(&load, 1);
  fmt::print("load average {:.1f}\n", load);
  return good ? 0 : 1;
}
