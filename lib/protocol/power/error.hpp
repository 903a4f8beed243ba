#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::power {

/// What can go wrong with a power monitor.
enum class Errc {
  no_answer = 1,  ///< silence where an acknowledgement or a sample belongs
  refused,        ///< it answered error
  bad_setting,    ///< a voltage or a rate that it does not have
  bad_stream,     ///< what arrives is no stream of this kind of monitor
  lost_samples,   ///< its buffer ran over
  lost_edges,     ///< the number of an edge is not the one after the last
  no_edges,       ///< the device's pin was not seen to fall
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::power

template <>
struct boost::system::is_error_code_enum<aiot::power::Errc> : std::true_type {};
