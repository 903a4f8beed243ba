#pragma once

#include <iosfwd>

#include "aiot/value.hpp"

namespace aiot::cli::render {

struct BenchStyle {
  std::size_t width = 0;  ///< of the terminal; 0: any
  bool verbose = false;   ///< each model in full, also when there are many
  bool color = false;
};

/// A record "aiot.bench.run/1" for people: one model in full, several as a table. Escaped.
void print_bench(std::ostream& out, const Object& result, const BenchStyle& style);

}  // namespace aiot::cli::render
