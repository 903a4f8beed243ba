#include "inference/peak.hpp"

#include <doctest/doctest.h>

#include <cmath>

namespace aiot::inference {
namespace {

TEST_CASE("every set of instructions that is here has a peak") {
  for (const Isa isa : isas_here()) {
    CAPTURE(name_of(isa));
    const Peak peak = measure_peak(isa, std::chrono::milliseconds(3));
    for (const double rate : {peak.int8_macs_per_s, peak.float_macs_per_s, peak.bytes_per_s}) {
      CHECK(std::isfinite(rate));
      CHECK(rate > 1e6);
    }
  }
}

}  // namespace
}  // namespace aiot::inference
