#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::ota {

/// What stops an update, beyond what links, protocols and images report themselves.
enum class Errc {
  no_devices = 1,  ///< the request names no device
  same_device,     ///< two addresses lead to one device
  shared_trace,    ///< several devices would write one trace
  device_timeout,  ///< the time allowed for a device is over
  cancelled,       ///< the user stopped it
  bad_image,       ///< the image is damaged
  unknown_format,  ///< not an image that can be sent
  not_back,        ///< after the reset, the device did not answer in time
  not_booted,      ///< it is back, and runs another image
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::ota

template <>
struct boost::system::is_error_code_enum<aiot::ota::Errc> : std::true_type {};
