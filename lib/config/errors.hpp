#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::config {

/// What can be wrong with the configuration; all are Condition::invalid_input.
enum class Errc {
  unreadable = 1,
  too_large,
  syntax,
  unknown_key,
  duplicate_key,
  bad_value,
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::config

template <>
struct boost::system::is_error_code_enum<aiot::config::Errc> : std::true_type {};
