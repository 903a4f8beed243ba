#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::discover {

/// What a search cannot even begin with. What a source runs into is in its status.
enum class Errc {
  unknown_source = 1,  ///< a name that no source has
  no_sources,          ///< all sources are left out
  bad_subnet,          ///< not an IPv4 network, or a too large one
  unknown_interface,   ///< a network interface that this machine does not have
  unknown_field,       ///< a filter compares what no device has
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::discover

template <>
struct boost::system::is_error_code_enum<aiot::discover::Errc> : std::true_type {};
