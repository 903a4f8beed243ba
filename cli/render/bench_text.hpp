#pragma once

#include <iosfwd>

#include "aiot/bench.hpp"
#include "aiot/bench_device.hpp"

namespace aiot::cli::render {

struct BenchStyle {
  std::size_t width = 0;  ///< of the terminal; 0: any
  bool verbose = false;   ///< each model in full, also when there are many
  bool color = false;
};

/// One row for each model, failed ones too; a single model in full. Escaped.
void print_bench(std::ostream& out, const bench::Report& report, const BenchStyle& style);

/// One row for each device, failed ones too, and below it what was measured. Escaped.
void print_bench_devices(std::ostream& out, const bench::DevicesReport& report, bool color);

}  // namespace aiot::cli::render
