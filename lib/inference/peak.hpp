#pragma once

#include <chrono>

#include "inference/engine.hpp"

namespace aiot::inference {

/// What one thread of this CPU does at best.
struct Peak {
  double int8_macs_per_s = 0;   ///< 8-bit products (16-bit ones where the ISA widens first), summed
  double float_macs_per_s = 0;  ///< float32
  double bytes_per_s = 0;       ///< read from memory, one after the other
};

/// Measures for about `duration`: nothing but the ISA's own multiply-add on registers, and reading
/// a buffer larger than most caches. The best of many short pieces counts, so that another process
/// has to be at it all the time to spoil it. `isa` can run here.
Peak measure_peak(Isa isa, std::chrono::nanoseconds duration);

}  // namespace aiot::inference
