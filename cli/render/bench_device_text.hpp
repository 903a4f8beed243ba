#pragma once

#include <iosfwd>

#include "aiot/bench_device.hpp"

namespace aiot::cli::render {

/// What was measured of each device, in lines for people. Escaped.
void print_bench_devices(std::ostream& out, const bench::DevicesReport& report);

}  // namespace aiot::cli::render
