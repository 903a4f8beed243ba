#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::dnssd {

/// What can be wrong with a packet.
enum class Errc {
  truncated = 1,  ///< it ends inside a record
  bad_name,       ///< a name that is too long, or whose pointers do not lead backwards
  too_large,      ///< beyond 9,000 bytes (RFC 6762 section 17)
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::dnssd

template <>
struct boost::system::is_error_code_enum<aiot::dnssd::Errc> : std::true_type {};
