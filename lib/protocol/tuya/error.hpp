#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::tuya {

/// What can be wrong with a Tuya broadcast.
enum class Errc {
  bad_packet = 1,  ///< not a Tuya frame, or damaged
  bad_cipher,      ///< it does not decrypt with the key that all devices share
  bad_content,     ///< what is in it is no announcement
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::tuya

template <>
struct boost::system::is_error_code_enum<aiot::tuya::Errc> : std::true_type {};
