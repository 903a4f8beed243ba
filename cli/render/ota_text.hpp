#pragma once

#include <iosfwd>

#include "aiot/ota.hpp"

namespace aiot::cli::render {

/// One aligned row for each device: OK or FAILED, address, versions, bytes, rate and time. Rows fit
/// `width` columns, 0 for any width. The cause of a failure is left to the errors.
void print_push_report(std::ostream& out, const ota::PushReport& report, std::size_t width);

}  // namespace aiot::cli::render
