#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::miio {

/// What can go wrong in miIO.
enum class Errc {
  bad_packet = 1,  ///< not a miIO packet, or damaged
  wrong_token,     ///< the checksum does not fit the token
  token_hidden,    ///< a token is needed, and the device does not tell it
  bad_reply,       ///< a text that is no JSON, or does not answer what was asked
  no_reply,        ///< no answer after all attempts; a wrong token is answered so, too
  refused,         ///< the device answered with an error; its words are in peer_text
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::miio

template <>
struct boost::system::is_error_code_enum<aiot::miio::Errc> : std::true_type {};
