#pragma once

#include <chrono>

#include "inference/engine.hpp"

namespace aiot::inference {

/// What one thread of this CPU does at best.
struct Peak {
  /// 8-bit products, summed: by the fastest instruction that has them. (On NEON without dot
  /// products they are widened to 16 bits first.)
  double int8_macs_per_s = 0;
  double float_macs_per_s = 0;  ///< float32
  double bytes_per_s = 0;       ///< read from memory, one after the other
};

/// Measures for about `duration`: nothing but the ISA's own multiply-add on registers, and reading
/// a buffer larger than most caches. The best of many short pieces counts, so that another process
/// has to be at it all the time to spoil it. `isa` can run here.
Peak measure_peak(Isa isa, std::chrono::nanoseconds duration);

}  // namespace aiot::inference
