#pragma once

#include <memory>

#include "inference/engine.hpp"

namespace aiot::inference::fast {

/// The graph on the kernels of an instruction set that this CPU has, with `threads` (1 to 64). The
/// errors of make_reference_engine().
Result<std::unique_ptr<Engine>> make_engine(std::shared_ptr<const Model> model, Isa isa,
                                            unsigned threads);

}  // namespace aiot::inference::fast
