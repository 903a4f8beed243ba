#include <cstdlib>

#include "job/bench/host/baseline.hpp"
#include "job/bench/host/error.hpp"

/// Any document is either refused with its own error or has figures that can be compared.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aiot::bench;
  const auto baseline = parse_baseline({reinterpret_cast<const char*>(data), size});
  if (!baseline.has_value()) {
    if (baseline.error().code != Errc::bad_baseline) std::abort();
    return 0;
  }
  RunResult run;
  ModelResult model;
  model.latency.p50_us = 1;
  for (const ModelResult& earlier : baseline->models) {
    if (!(earlier.latency.p50_us >= 0)) std::abort();
    model.sha256 = earlier.sha256;
    if (!compare(run, model, *baseline, 0.05, true).has_value()) std::abort();
  }
  return 0;
}
