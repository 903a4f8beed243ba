#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::coap {

/// What can go wrong in CoAP.
enum class Errc {
  bad_message = 1,  ///< not a CoAP message
  bad_link_format,  ///< a list of links that RFC 6690 does not allow
  bad_block,        ///< blocks that do not fit together
  too_large,        ///< a representation beyond the bound
  no_reply,         ///< no acknowledgement after all retransmissions, or no response after one
  reset,            ///< the other end knows nothing of this exchange
  critical_option,  ///< a response that cannot be understood without an option unknown here
  refused,          ///< a response of class 4 or 5; its text is in peer_text
  not_observable,   ///< the resource was read, but will not be reported on
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::coap

template <>
struct boost::system::is_error_code_enum<aiot::coap::Errc> : std::true_type {};
