#pragma once

#include <functional>
#include <map>
#include <string>

#include "inference/error.hpp"
#include "inference/model/model.hpp"

namespace aiot::inference {

/// Errc::bad_model.
inline Error bad(std::string what) {
  return make_error(Errc::bad_model, std::move(what), "convert the model again");
}

/// Finds which variable each operator of a graph means.
class VariableResolver {
 public:
  explicit VariableResolver(Model& model) : model_(model) {}

  /// The graph that runs: its assignments give the variables their sizes. `initialise(subgraph)`
  /// runs where CALL_ONCE stands.
  Result<void> resolve(const std::function<Result<void>(std::int32_t)>& initialise);

  /// The graph of CALL_ONCE: it may only assign constants.
  Result<void> initialise(const Model& graph);

 private:
  static std::size_t value_of(const Operator& op) { return static_cast<std::size_t>(op.inputs[1]); }
  Result<void> name(const Operator& op);
  Result<std::size_t> find(const Operator& op) const;
  Result<void> size(std::size_t index, const Tensor& value);

  Model& model_;
  std::map<std::string, std::size_t> names_;
  std::map<std::int32_t, std::size_t> handles_, outer_handles_;  ///< by tensor
};

}  // namespace aiot::inference
