#pragma once

#include <iosfwd>

#include "aiot/flash.hpp"

namespace aiot::cli::render {

/// What became of each device that is done, for people: a line a device; everything for `info`.
/// Devices that failed are left to the errors.
void print_flash_report(std::ostream& out, const flash::Report& report, std::size_t width);

}  // namespace aiot::cli::render
