#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::net {

/// What can go wrong with a link, whatever carries it.
enum class Errc {
  timed_out = 1,    ///< the deadline passed
  link_lost,        ///< unplugged, closed by the other end, reset
  cancelled,        ///< the caller stopped it
  port_busy,        ///< somebody else holds the port
  no_permission,    ///< the operating system refused
  not_found,        ///< no such port, host or device
  refused,          ///< the host answered, and refused the connection
  not_supported,    ///< this link has no such thing (modem lines on TCP)
  bad_baud,         ///< the port refused the rate
  protocol,         ///< the other end broke the link's own protocol (RFC 2217)
  io,               ///< another operating system error
  untrusted,        ///< TLS: a certificate, the other end's or ours, is not accepted
  bad_certificate,  ///< TLS: a certificate or key file cannot be used
  script,           ///< a scripted link was used in a way its script does not say
};
boost::system::error_code make_error_code(Errc e) noexcept;

/// A lost link did not come back: still Errc::link_lost, with `why` beside it. A
/// cancellation stays one.
Error still_lost(Error why);

}  // namespace aiot::net

template <>
struct boost::system::is_error_code_enum<aiot::net::Errc> : std::true_type {};
