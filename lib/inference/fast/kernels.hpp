#pragma once

#include "inference/engine.hpp"
#include "inference/fast/tasks.hpp"

namespace aiot::inference::fast {

/// The kernels for `isa`; nullptr for the scalar one, and for what was not built for this machine's
/// architecture. Whether the CPU can run them is can_run()'s to say.
const Kernels* kernels_of(Isa isa);

extern const Kernels avx2_kernels;
extern const Kernels avx_vnni_kernels;
extern const Kernels avx512_vnni_kernels;
extern const Kernels neon_kernels;
extern const Kernels neon_dot_kernels;

}  // namespace aiot::inference::fast
