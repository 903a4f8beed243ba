#include <algorithm>
#include <array>

#include "inference/engine.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace aiot::inference {
namespace {

struct IsaRow {
  Isa isa;
  std::string_view name;
};
/// The fastest first.
constexpr std::array<IsaRow, 6> isa_rows = {{
    {Isa::avx512_vnni, "avx512-vnni"},
    {Isa::avx_vnni, "avx-vnni"},
    {Isa::avx2, "avx2"},
    {Isa::neon_dot, "neon-dot"},
    {Isa::neon, "neon"},
    {Isa::scalar, "scalar"},
}};

#if defined(__x86_64__)
struct Leaf {
  unsigned a = 0, b = 0, c = 0, d = 0;
};
Leaf cpuid(unsigned leaf, unsigned subleaf) {
  Leaf l;
  if (__get_cpuid_count(leaf, subleaf, &l.a, &l.b, &l.c, &l.d) == 0) return {};
  return l;
}
bool bit(unsigned word, unsigned number) { return ((word >> number) & 1U) != 0; }

/// The state components that the operating system saves (XCR0; Intel SDM volume 1, 13.3).
unsigned saved_state() {
  if (!bit(cpuid(1, 0).c, 27)) return 0;  // OSXSAVE
  unsigned low = 0;
  unsigned high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

/// CPUID leaf 7: Intel SDM volume 2A, CPUID.
bool cpu_has(Isa isa) {
  constexpr unsigned ymm = 0x06;
  constexpr unsigned zmm = 0xe6;
  const unsigned state = saved_state();
  const Leaf seven = cpuid(7, 0);
  const bool avx2 = (state & ymm) == ymm && bit(seven.b, 5);
  switch (isa) {
    case Isa::avx2: return avx2;
    case Isa::avx_vnni: return avx2 && bit(cpuid(7, 1).a, 4);
    case Isa::avx512_vnni:  // F, BW, VL, VNNI
      return avx2 && (state & zmm) == zmm && bit(seven.b, 16) && bit(seven.b, 30) &&
             bit(seven.b, 31) && bit(seven.c, 11);
    default: return false;
  }
}
#elif defined(__aarch64__)
bool cpu_has(Isa isa) {
  if (isa == Isa::neon) return true;  // AArch64 has it always
#if defined(__linux__)
  if (isa == Isa::neon_dot) return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#endif
  return false;
}
#else
bool cpu_has(Isa /*isa*/) { return false; }
#endif

}  // namespace

std::string_view name_of(Isa isa) {
  const auto* row = std::find_if(isa_rows.begin(), isa_rows.end(), [&](IsaRow r) { return r.isa == isa; });
  return row == isa_rows.end() ? "scalar" : row->name;
}

std::optional<Isa> isa_of(std::string_view name) {
  const auto* row = std::find_if(isa_rows.begin(), isa_rows.end(), [&](IsaRow r) { return r.name == name; });
  if (row == isa_rows.end()) return std::nullopt;
  return row->isa;
}

bool can_run(Isa isa) { return isa == Isa::scalar || cpu_has(isa); }

std::vector<Isa> isas_here() {
  std::vector<Isa> found;
  for (const auto& row : isa_rows) {
    if (can_run(row.isa)) found.push_back(row.isa);
  }
  return found;
}

}  // namespace aiot::inference
