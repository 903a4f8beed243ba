#pragma once

#include <iosfwd>

#include "aiot/pair.hpp"

namespace aiot::cli::render {

/// One aligned row for each device: OK, FAILED or SKIPPED, address, protocol, what became of it,
/// and time. Rows fit `width` columns, 0 for any width.
void print_pair_report(std::ostream& out, const pair::Report& report, std::size_t width);

/// What a setup code says, one field on each line.
void print_code(std::ostream& out, const pair::CodeInfo& info);

}  // namespace aiot::cli::render
