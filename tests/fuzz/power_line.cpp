#include <cmath>
#include <cstddef>
#include <cstdint>

#include "aiot/bytes.hpp"
#include "protocol/power/joulescope.hpp"
#include "protocol/power/lpm01a.hpp"

using namespace aiot;

/// A line of a power monitor's: either kind makes of it what it can.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string line = to_string(ByteSpan(data, size));
  const power::lpm01a::Line decoded = power::lpm01a::decode_line(line);
  if (const auto* samples = std::get_if<power::lpm01a::Samples>(&decoded)) {
    for (const double value : samples->values) {
      if (!std::isfinite(value) || value < 0) __builtin_trap();
    }
  }
  const auto statistics = power::joulescope::decode_line(line);
  if (!statistics) return 0;
  const auto* values = std::get_if<power::joulescope::Statistics>(&*statistics);
  if (values != nullptr && !std::isfinite(values->joules)) __builtin_trap();
  return 0;
}
