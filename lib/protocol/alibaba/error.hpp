#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::alibaba {

/// What can be wrong with what a Link Kit device says.
enum class Errc {
  bad_content = 1,  ///< no JSON that describes a device
  refused,          ///< an answer with a code other than 200
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::alibaba

template <>
struct boost::system::is_error_code_enum<aiot::alibaba::Errc> : std::true_type {};
