// zoo [ROUNDS]: each model of AIOT_TEST_DATA/model-zoo on the reference engine and, where it takes
// the model, on XNNPACK, one thread each, interleaved in rounds. Ratios are those of the minima,
// which other work on the machine moves least. XNNPACK's engine here has convolutions,
// FULLY_CONNECTED, AVERAGE_POOL_2D, ADD and float SOFTMAX; the rest of a model runs on the portable
// kernels there.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <vector>

#include "inference/engine.hpp"
#include "inference/external/external.hpp"
#include "inference/model/file.hpp"
#include "runner.hpp"

namespace {

using namespace aiot;

struct Measured {
  std::unique_ptr<bench::Runner> runner;
  std::vector<double> times;

  double at(double part) {
    std::ranges::sort(times);
    return times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))];
  }
};

/// "PAD 77 %": the kind of operator that takes most of the time.
std::string largest_kind(inference::Engine& engine) {
  std::vector<std::chrono::nanoseconds> times(engine.operators().size());
  for (int i = 0; i < 5; ++i) {
    if (!engine.invoke_timed(times)) return "";
  }
  std::map<std::string, double> kinds;
  double sum = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    kinds[engine.operators()[i].name] += static_cast<double>(times[i].count());
    sum += static_cast<double>(times[i].count());
  }
  if (kinds.empty() || sum <= 0) return "";
  const auto most =
      std::ranges::max_element(kinds, {}, &std::pair<const std::string, double>::second);
  return fmt::format("{} {:.0f} %", most->first, 100 * most->second / sum);
}

/// Runs of one round: enough to be timed, few enough to end.
unsigned runs_for(bench::Runner& runner) {
  const auto once = std::max(runner.run(1)[0], 1.0);
  return static_cast<unsigned>(std::clamp(20'000 / once, 1.0, 40.0));
}

/// Ours by XNNPACK's, or nothing.
double measure(const std::filesystem::path& path, unsigned rounds) {
  auto read = inference::read_model_file(path);
  if (!read) {
    fmt::print("{:<26} {}\n", path.stem().string(), read.error().message());
    return 0;
  }
  const auto model = std::make_shared<const inference::Model>(*std::move(read));
  auto own = inference::make_reference_engine(model, {});
  if (!own) {
    fmt::print("{:<26} {}\n", path.stem().string(), own.error().message());
    return 0;
  }
  const auto kind = largest_kind(**own);
  std::vector<Measured> all;
  all.push_back({bench::engine_runner(*std::move(own)), {}});
  auto peer = inference::make_xnnpack_engine(model, {std::nullopt, 1});
  if (peer) all.push_back({bench::engine_runner(*std::move(peer)), {}});
  std::vector<unsigned> runs;
  for (auto& one : all) runs.push_back(runs_for(*one.runner));
  for (unsigned round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto times = all[i].runner->run(runs[i]);
      all[i].times.insert(all[i].times.end(), times.begin(), times.end());
    }
  }
  fmt::print("{:<26} p50 {:10.1f}  min {:10.1f} us", path.stem().string(), all[0].at(0.5),
             all[0].at(0));
  double ratio = 0;
  if (all.size() == 2) {
    ratio = all[0].at(0) / all[1].at(0);
    fmt::print("   xnnpack p50 {:10.1f}  min {:10.1f} us   ratio {:5.2f}", all[1].at(0.5),
               all[1].at(0), ratio);
  }
  fmt::print("   {}\n", kind);
  return ratio;
}

}  // namespace

int main(int argc, char** argv) {
  const char* folder = std::getenv("AIOT_TEST_DATA");
  if (folder == nullptr) {
    fmt::print("SKIP: AIOT_TEST_DATA names the folder that has model-zoo\n");
    return 0;
  }
  const auto rounds = static_cast<unsigned>(argc > 1 ? std::max(std::atoi(argv[1]), 1) : 10);
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(folder) + "/model-zoo")) {
    if (entry.path().extension() == ".tflite") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<double> ratios;
  for (const auto& path : paths) {
    const auto ratio = measure(path, rounds);
    if (ratio > 0) ratios.push_back(ratio);
  }
  if (ratios.empty()) return 0;
  std::ranges::sort(ratios);
  fmt::print(
      "{} models by XNNPACK: median {:.2f}, best {:.2f}, worst {:.2f} (goal: 0.5, none above 1)\n",
      ratios.size(), ratios[ratios.size() / 2], ratios.front(), ratios.back());
  return 0;
}
