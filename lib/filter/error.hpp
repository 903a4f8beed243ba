#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::filter {

/// What can be wrong with an expression.
enum class Errc {
  bad_filter = 1,  ///< not of the grammar
  bad_pattern,     ///< RE2 does not take the regular expression
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::filter

template <>
struct boost::system::is_error_code_enum<aiot::filter::Errc> : std::true_type {};
