#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::sim {

/// Why virtual devices cannot be started; errors of the device itself and of the port pass through.
enum class Errc {
  bad_port = 1,    ///< not a kind of port
  bad_count,       ///< no device, or more than can be served
  bad_rate,        ///< more lines than a console can say
  bad_broker,      ///< not a broker to publish at
  no_model,        ///< neither a file nor the name of a built-in model
  not_for_device,  ///< asked of a kind of device that has no such thing
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::sim

template <>
struct boost::system::is_error_code_enum<aiot::sim::Errc> : std::true_type {};
