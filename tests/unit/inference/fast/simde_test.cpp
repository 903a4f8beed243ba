#include <doctest/doctest.h>

#include <string>

#include "cases.hpp"
#include "inference/engine.hpp"
#include "skip.hpp"

// The sources of the kernels, compiled a second time with SIMDe's versions of their instructions.
namespace aiot::inference::fast {
extern const Kernels avx_vnni_by_simde;
extern const Kernels avx512_vnni_by_simde;
}  // namespace aiot::inference::fast

namespace aiot::inference {
namespace {

constexpr std::uint32_t cases = 200;

void check(const fast::Kernels& kernels) {
  if (!can_run(Isa::avx2)) AIOT_SKIP("this CPU has no AVX2, on which SIMDe stands here");
  const auto before = test::cases_taken();
  CHECK(test::all_cases(kernels, cases) == "");
  CHECK(test::cases_taken() - before > cases * 2);
}

}  // namespace

TEST_CASE("fast kernels by SIMDe: AVX-VNNI gives the portable kernels' bytes") {
  check(fast::avx_vnni_by_simde);
}
TEST_CASE("fast kernels by SIMDe: AVX512-VNNI gives the portable kernels' bytes") {
  check(fast::avx512_vnni_by_simde);
}

}  // namespace aiot::inference
