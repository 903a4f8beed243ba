#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::ble {

/// What can be wrong with what an advert says.
enum class Errc {
  truncated = 1,  ///< it ends before what its header promises
  bad_format,     ///< not of the format that its service or company says
  bad_version,    ///< a version of the format that is not known
  wrong_key,      ///< the tag does not fit the key
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::ble

template <>
struct boost::system::is_error_code_enum<aiot::ble::Errc> : std::true_type {};
