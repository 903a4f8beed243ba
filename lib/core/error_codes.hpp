#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::core {

/// Errors of the values that core itself parses, and of the libraries it opens.
enum class Errc {
  bad_size = 1,
  bad_duration,
  bad_address,
  wrong_scheme,
  no_module,  ///< a library that is opened when needed is not installed
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::core

template <>
struct boost::system::is_error_code_enum<aiot::core::Errc> : std::true_type {};
