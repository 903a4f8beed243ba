#include "inference/engine.hpp"

#include <fmt/format.h>

#include "inference/error.hpp"
#include "inference/fast/engine.hpp"
#include "inference/reference/interpreter.hpp"

namespace aiot::inference {

Result<std::unique_ptr<Engine>> make_reference_engine(std::shared_ptr<const Model> model,
                                                      const EngineOptions& options) {
  const auto isa = options.isa.value_or(isas_here().front());
  if (!can_run(isa)) {
    std::string here;
    for (const auto one : isas_here())
      here += fmt::format("{}{}", here.empty() ? "" : ", ", name_of(one));
    return make_error(Errc::isa_missing, std::string(name_of(isa)),
                      fmt::format("this CPU has {}", here));
  }
  if (isa == Isa::scalar) return make_interpreter(std::move(model));
  return fast::make_engine(std::move(model), isa, options.threads);
}

}  // namespace aiot::inference
