#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::listen {

/// What ends listening badly, beyond what links and protocols report themselves.
enum class Errc {
  no_sources = 1,  ///< no address was named
  same_source,     ///< one address is named twice
  not_seen,        ///< the time was over before the expected text came
  ended_early,     ///< every source ended before the expected text came
  failure_seen,    ///< the text that means failure came
  stopped,         ///< stopped by the user before the expected text came
  bad_setting,     ///< an address has a setting this kind does not know
  no_reset,        ///< a reset is asked for, and no address has lines for it
  log_unwritable,  ///< the log file cannot be made
  log_incomplete,  ///< messages are missing in the log file
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::listen

template <>
struct boost::system::is_error_code_enum<aiot::listen::Errc> : std::true_type {};
