#include <cstdio>
#include <cstdlib>

#include "cases.hpp"

// The NEON kernels beside the portable ones, as a program for AArch64 that needs nothing else.
// Exits 1 at the first difference.
namespace aiot::inference::fast {
extern const Kernels neon_kernels;
extern const Kernels neon_dot_kernels;
}  // namespace aiot::inference::fast

int main() {
  using namespace aiot;
  struct Set {
    const char* name;
    const inference::fast::Kernels* kernels;
  };
  const Set sets[] = {{"neon", &inference::fast::neon_kernels},
                      {"neon-dot", &inference::fast::neon_dot_kernels}};
  constexpr std::uint32_t cases = 150;
  for (const auto& set : sets) {
    const auto before = test::cases_taken();
    const auto what = test::all_cases(*set.kernels, cases);
    const auto taken = test::cases_taken() - before;
    std::printf("%s: %u cases; %s\n", set.name, taken,
                what.empty() ? "all the same" : what.c_str());
    if (!what.empty() || taken < cases * 2) return EXIT_FAILURE;
  }
}
