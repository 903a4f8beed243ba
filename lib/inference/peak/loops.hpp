#pragma once

/// Multiply-adds on registers, and nothing else: what one call does, and each instruction set's.
///
/// No header beside the compiler's own may be included here: this is compiled for several
/// instruction sets.
namespace aiot::inference::peak {

/// `macs` multiplications, and their sums, in one call.
struct Loop {
  void (*run)();
  double macs;
};
struct Loops {
  Loop int8;
  Loop floats;
};

extern const Loops scalar_loops;
extern const Loops avx2_loops;
extern const Loops avx_vnni_loops;
extern const Loops avx512_vnni_loops;
extern const Loops neon_loops;
extern const Loops neon_dot_loops;

namespace {

/// Sums that do not wait for each other: as many as hide the latency of a multiply-add on two
/// pipes, and as the registers hold.
constexpr int sums = 12;
constexpr int rounds = 2000;
/// Multiply-adds in one call; each is as many multiplications as its vector has products.
constexpr double steps = double{sums} * rounds;

}  // namespace

// Keeps a register's value from being known, so that what looks equal, or constant, is computed all
// the same. Costs nothing.
#if defined(__AVX512F__)
#define AIOT_KEEP(x) asm volatile("" : "+v"(x))
#elif defined(__x86_64__)
#define AIOT_KEEP(x) asm volatile("" : "+x"(x))
#elif defined(__aarch64__)
#define AIOT_KEEP(x) asm volatile("" : "+w"(x))
#endif
#define AIOT_KEEP_GENERAL(x) asm volatile("" : "+r"(x))

// Written out, since indices that are known from the start are what keeps sums in registers.
#define AIOT_TWELVE(step) \
  step(0) step(1) step(2) step(3) step(4) step(5) step(6) step(7) step(8) step(9) step(10) step(11)

}  // namespace aiot::inference::peak
