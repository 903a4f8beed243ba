#include <algorithm>
#include <memory>

#include "inference/engine.hpp"
#include "inference/model/read.hpp"
#include "inference/model/write.hpp"

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto model = read_model(aiot::Bytes(data, data + size));
  if (!model) {
    if (model.error().stable_code().empty() || model.error().message().empty()) __builtin_trap();
    return 0;
  }
  if (!is_small(*model)) return 0;
  if (!read_model(write_model(*model))) __builtin_trap();
  EngineOptions options;
  options.isa = Isa::scalar;
  const auto engine =
      make_reference_engine(std::make_shared<const Model>(*std::move(model)), options);
  if (!engine || !is_quick(**engine)) return 0;
  for (std::size_t i = 0; i < (*engine)->inputs().size(); ++i) {
    std::uint8_t value = 0;
    for (auto& byte : (*engine)->input(i)) byte = static_cast<std::uint8_t>(value += 37);
  }
  if (!(*engine)->invoke()) __builtin_trap();
  for (std::size_t i = 0; i < (*engine)->outputs().size(); ++i) {
    if ((*engine)->output(i).size() != (*engine)->outputs()[i].bytes) __builtin_trap();
  }
  return 0;
}
