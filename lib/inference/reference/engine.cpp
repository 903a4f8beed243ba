#include "inference/engine.hpp"

#include <fmt/format.h>

#include "inference/error.hpp"
#include "inference/fast/engine.hpp"
#include "inference/reference/interpreter.hpp"

namespace aiot::inference {
namespace {

/// What goes in and comes out has values of a fixed size.
Result<void> check_ends(const Model& model) {
  for (const auto* tensors : {&model.inputs, &model.outputs}) {
    for (const auto index : *tensors) {
      const auto& tensor = model.tensors[static_cast<std::size_t>(index)];
      if (size_of(tensor.type) != 0) continue;
      return make_error(Errc::unsupported_option,
                        fmt::format("{} ({}) is {}",
                                    tensors == &model.inputs ? "the model's input" : "its output",
                                    escape_controls(tensor.name), name_of(tensor.type)),
                        "convert the model again, with int8 or float32 tensors");
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Engine>> make_reference_engine(std::shared_ptr<const Model> model,
                                                      const EngineOptions& options) {
  const auto isa = options.isa.value_or(isas_here().front());
  if (!can_run(isa)) {
    std::string here;
    for (const auto one : isas_here()) {
      here += fmt::format("{}{}", here.empty() ? "" : ", ", name_of(one));
    }
    return make_error(Errc::isa_missing, std::string(name_of(isa)),
                      fmt::format("this CPU has {}", here));
  }
  AIOT_CHECK(check_ends(*model));
  if (isa == Isa::scalar) return make_interpreter(std::move(model));
  return fast::make_engine(std::move(model), isa, options.threads);
}

}  // namespace aiot::inference
