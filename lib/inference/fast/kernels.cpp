#include "inference/fast/kernels.hpp"

namespace aiot::inference::fast {

const Kernels* kernels_of(Isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case Isa::avx2: return &avx2_kernels;
    case Isa::avx_vnni: return &avx_vnni_kernels;
    case Isa::avx512_vnni: return &avx512_vnni_kernels;
#elif defined(__aarch64__)
    case Isa::neon: return &neon_kernels;
    case Isa::neon_dot: return &neon_dot_kernels;
#endif
    default: return nullptr;
  }
}

}  // namespace aiot::inference::fast
