#include <algorithm>
#include <memory>

#include "inference/engine.hpp"
#include "inference/error.hpp"
#include "inference/model/file.hpp"

using namespace aiot::inference;

namespace {

/// A damaged model may well be a large one: only what runs quickly is run.
bool is_small(const Model& model) {
  constexpr std::size_t most_elements = 8192;
  std::size_t elements = 0;
  for (const auto& tensor : model.tensors) elements += tensor.elements();
  return elements <= most_elements;
}

bool is_quick(const Engine& engine) {
  constexpr std::uint64_t most_macs = 1 << 20;
  std::uint64_t macs = 0;
  for (const auto& op : engine.operators()) macs += std::min(op.macs, most_macs);
  return macs < most_macs;
}

std::unique_ptr<Engine> make(const std::shared_ptr<const Model>& model, Isa isa) {
  EngineOptions options;
  options.isa = isa;
  auto engine = make_reference_engine(model, options);
  return engine ? *std::move(engine) : nullptr;
}

/// False when an operator gave up: at a position out of range, or dividing by 0.
bool run(Engine& engine) {
  for (std::size_t i = 0; i < engine.inputs().size(); ++i) {
    std::uint8_t value = 0;
    for (auto& byte : engine.input(i)) byte = value += 37;
  }
  const auto invoked = engine.invoke();
  if (!invoked && invoked.error().code != Errc::engine_failed) __builtin_trap();
  return invoked.has_value();
}

/// Sums of floats depend on their order; all else does not depend on the ISA.
bool is_exact(const Model& model) {
  return std::ranges::none_of(model.tensors,
                              [](const Tensor& t) { return t.type == Type::float32; });
}

bool is_same(const Engine& a, const Engine& b) {
  for (std::size_t i = 0; i < a.outputs().size(); ++i) {
    if (!std::ranges::equal(a.output(i), b.output(i))) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto model = read_model(aiot::Bytes(data, data + size));
  if (!model) {
    if (model.error().stable_code().empty() || model.error().message().empty()) __builtin_trap();
    return 0;
  }
  if (!is_small(*model)) return 0;
  if (!read_model(write_model(*model))) __builtin_trap();
  const auto shared = std::make_shared<const Model>(*std::move(model));
  const auto engine = make(shared, Isa::scalar);
  if (!engine || !is_quick(*engine)) return 0;
  const bool runs = run(*engine);
  for (const auto isa : isas_here()) {
    if (isa == Isa::scalar) continue;
    const auto faster = make(shared, isa);
    if (!faster) __builtin_trap();
    if (run(*faster) != runs) __builtin_trap();
    if (runs && is_exact(*shared) && !is_same(*engine, *faster)) __builtin_trap();
  }
  return 0;
}
