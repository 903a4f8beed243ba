#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::config {

/// What can be wrong with the configuration; Condition::invalid_input where nothing else is said.
enum class Errc {
  unreadable = 1,
  too_large,
  syntax,
  unknown_key,
  duplicate_key,
  bad_value,
  foreign,             ///< ./aiot.yaml belongs to another user
  readable_by_others,  ///< a file of secrets is not its owner's alone (refused_security)
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::config

template <>
struct boost::system::is_error_code_enum<aiot::config::Errc> : std::true_type {};
