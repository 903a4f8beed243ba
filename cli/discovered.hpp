#pragma once

#include "aiot/discover.hpp"
#include "environment.hpp"

namespace aiot::cli {

/// Where the shells' completions find the devices of the last search: `aiot/discovered` in
/// $XDG_CACHE_HOME, else in ~/.cache; "" when neither is known.
std::string discovered_file(const Environment& environment);

/// Remembers the addresses of a report, one a line, for the user's eyes alone.
/// Shells expand what they complete, so an address with any other character than an address needs
/// is left out. A convenience: when it cannot be written, nothing is reported.
void remember_devices(const discover::Report& report, const Environment& environment);

}  // namespace aiot::cli
