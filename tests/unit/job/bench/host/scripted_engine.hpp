#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "inference/engine.hpp"
#include "inference/error.hpp"
#include "job/bench/host/measure.hpp"

namespace aiot::bench::test {

/// Time that moves only when something takes it.
struct VirtualTime {
  Nanoseconds now{1'000'000};
  Nanoseconds cpu{0};
  Clocks clocks() {
    return {[this] { return now; }, [this] { return cpu; }, [this] { return cpu; }};
  }
  void take(Nanoseconds time) {
    now += time;
    cpu += time;
  }
};

/// An engine whose runs take the time and give the answers that a test wants.
class ScriptedEngine final : public inference::Engine {
 public:
  VirtualTime* time = nullptr;
  std::vector<inference::TensorInfo> ins, outs;
  std::vector<inference::OperatorInfo> ops;
  std::vector<Nanoseconds> op_times;
  std::function<Nanoseconds(std::uint64_t run)> takes = [](auto) { return Nanoseconds(1000); };
  std::function<void(ScriptedEngine&)> answer = [](ScriptedEngine&) {};
  std::uint64_t fail_at = ~std::uint64_t{0};
  std::uint64_t runs = 0;
  std::uint64_t resets = 0;
  std::vector<Bytes> in, out;

  /// One input and one output, both int8.
  ScriptedEngine(std::size_t input_bytes, std::size_t output_bytes) {
    const auto size = [](std::size_t n) { return static_cast<std::int32_t>(n); };
    ins = {{"in", inference::Type::int8, {1, size(input_bytes)}, 1, 0, input_bytes}};
    outs = {{"out", inference::Type::int8, {1, size(output_bytes)}, 1, 0, output_bytes}};
    in = {Bytes(input_bytes)};
    out = {Bytes(output_bytes)};
  }
  std::string name() const override { return "scripted"; }
  const std::vector<inference::TensorInfo>& inputs() const override { return ins; }
  const std::vector<inference::TensorInfo>& outputs() const override { return outs; }
  std::span<std::uint8_t> input(std::size_t index) override { return in[index]; }
  ByteSpan output(std::size_t index) const override { return out[index]; }
  void reset() override { ++resets; }
  Result<void> invoke() override {
    if (runs == fail_at) return make_error(inference::Errc::engine_failed, "a scripted run");
    if (time) time->take(takes(runs));
    ++runs;
    answer(*this);
    return {};
  }
  const std::vector<inference::OperatorInfo>& operators() const override { return ops; }
  Result<void> invoke_timed(std::span<std::chrono::nanoseconds> times) override {
    for (std::size_t i = 0; i < times.size(); ++i) times[i] += op_times[i] * (runs % 3 + 1);
    return invoke();
  }
  inference::MemoryUse memory() const override { return {1000, 2000, 3000}; }
};

}  // namespace aiot::bench::test
