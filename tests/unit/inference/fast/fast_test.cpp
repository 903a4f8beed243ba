#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "cases.hpp"
#include "inference/fast/engine.hpp"
#include "skip.hpp"

namespace aiot::inference {
namespace {

constexpr std::uint32_t cases = 400;

void check_isa(Isa isa) {
  if (!can_run(isa)) AIOT_SKIP("this CPU has no " + std::string(name_of(isa)));
  const auto* kernels = fast::kernels_of(isa);
  REQUIRE(kernels != nullptr);
  const auto before = test::cases_taken();
  CHECK(test::all_cases(*kernels, cases) == "");
  // Of five kinds; what is left to the portable kernels must stay the exception.
  CHECK(test::cases_taken() - before > cases * 3);
}

}  // namespace

TEST_CASE("fast kernels: AVX2 gives the portable kernels' bytes") { check_isa(Isa::avx2); }
TEST_CASE("fast kernels: AVX-VNNI gives the portable kernels' bytes") { check_isa(Isa::avx_vnni); }
TEST_CASE("fast kernels: AVX512-VNNI gives the portable kernels' bytes") {
  check_isa(Isa::avx512_vnni);
}
TEST_CASE("fast kernels: NEON gives the portable kernels' bytes") { check_isa(Isa::neon); }
TEST_CASE("fast kernels: NEON's dot products give the portable kernels' bytes") {
  check_isa(Isa::neon_dot);
}

TEST_CASE("isa: names go both ways, the scalar kernels are always there and last") {
  for (const auto isa :
       {Isa::scalar, Isa::avx2, Isa::avx_vnni, Isa::avx512_vnni, Isa::neon, Isa::neon_dot}) {
    CHECK(isa_of(name_of(isa)) == isa);
  }
  CHECK_FALSE(isa_of("mmx").has_value());
  CHECK_FALSE(isa_of("").has_value());
  const auto here = isas_here();
  REQUIRE_FALSE(here.empty());
  CHECK(here.back() == Isa::scalar);
  CHECK(std::ranges::all_of(here, can_run));
}

TEST_CASE("isa: one that this CPU has not is refused by name, with those it has") {
  for (const auto isa : {Isa::avx2, Isa::avx_vnni, Isa::avx512_vnni, Isa::neon, Isa::neon_dot}) {
    if (can_run(isa)) continue;
    const auto made = make_reference_engine(std::make_shared<const Model>(), {isa, 1});
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().stable_code() == "engine.isa_missing");
    CHECK(made.error().message().find(name_of(isa)) != std::string::npos);
    CHECK(made.error().hint.find("scalar") != std::string::npos);
  }
}

}  // namespace aiot::inference
