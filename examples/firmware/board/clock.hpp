#pragma once

#include <cstdint>

namespace board {

void clock_start();
/// Microseconds since clock_start(), modulo 2^32 (71.6 minutes), as MLPerf Tiny's m-lap-us counts.
/// To be called at least every 171 s: the counter behind it has 32 bits at 25 MHz.
std::uint32_t clock_us();

}  // namespace board
