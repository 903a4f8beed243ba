#pragma once

#include <string>

#include "aiot/result.hpp"

namespace aiot::cli::generate {

/// A manual page (scdoc) with what stands between its markers made anew:
///
///     ; generated: options flash write        the options of a command
///     ; generated: options                    the global ones
///     ; generated: exit-codes
///     ; generated: settings                   the configuration's keys
///     …
///     ; end
///
/// Fails for a marker that names nothing, or has no end.
Result<std::string> renew_man_page(const std::string& text);

}  // namespace aiot::cli::generate
