#pragma once

#include <iosfwd>

#include "aiot/flash.hpp"

namespace aiot::cli::render {

/// What became of each device, for people: a summary a device for most operations, everything for
/// `info`. Devices that failed are left to the errors, but for what is known of them.
void print_flash_report(std::ostream& out, const flash::Report& report, std::size_t width);

}  // namespace aiot::cli::render
