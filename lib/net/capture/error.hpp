#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::net::capture {

/// What can be wrong with a capture; all are Condition::invalid_input.
enum class Errc {
  unreadable = 1,  ///< the file cannot be opened or read
  not_a_capture,   ///< none of the formats
  unsupported,     ///< a version or link type that is not read
  damaged,         ///< a length in it cannot be true
  truncated,       ///< it ends inside a record: what came before it is good
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::net::capture

template <>
struct boost::system::is_error_code_enum<aiot::net::capture::Errc> : std::true_type {};
