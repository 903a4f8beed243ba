#include "inference/engine.hpp"

#include "inference/error.hpp"
#include "inference/reference/interpreter.hpp"

namespace aiot::inference {

Result<std::unique_ptr<Engine>> make_reference_engine(std::shared_ptr<const Model> model,
                                                      const EngineOptions& options) {
  if (options.isa && *options.isa != Isa::scalar) {
    return make_error(Errc::isa_missing, {}, "use scalar, which every CPU runs");
  }
  return make_interpreter(std::move(model));
}

}  // namespace aiot::inference
