#pragma once

#include <optional>

#include "inference/fast/tasks.hpp"
#include "inference/reference/interpreter.hpp"

namespace aiot::inference::fast {

/// An operator on dense values by `kernels`, which outlive the step: what make_step() does, faster.
/// nullopt for one that only make_step() has. The errors of the operator's preparation.
Result<std::optional<Step>> make_fast_step(const Kernels& kernels, const Node& node);

}  // namespace aiot::inference::fast
