#pragma once

#include <memory>

#include "inference/engine.hpp"
#include "inference/fast/tasks.hpp"

namespace aiot::inference::fast {

/// The kernels for `isa`; nullptr for the scalar one, and for what was not built for this machine's
/// architecture. can_run() reports whether this CPU runs them.
const Kernels* kernels_of(Isa isa);

/// The graph on the kernels of an instruction set that this CPU has, with `threads` (1 to 64). The
/// errors of make_reference_engine().
Result<std::unique_ptr<Engine>> make_engine(std::shared_ptr<const Model> model, Isa isa,
                                            unsigned threads);

}  // namespace aiot::inference::fast
