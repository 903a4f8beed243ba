#pragma once

#include <iosfwd>

#include "aiot/flash.hpp"

namespace aiot::cli::render {

/// One aligned row for each device: OK or FAILED, address, MAC, bytes, rate and time. `flash info`
/// prints a block for each device instead. Rows fit `width` columns, 0 for any width. The cause of
/// a failure is left to the errors. For the six results of flash.hpp.
template <class T>
void print_flash_report(std::ostream& out, const flash::Report<T>& report, std::size_t width);

}  // namespace aiot::cli::render
