#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::net::mqtt {

enum class Errc {
  refused = 1,           ///< the broker refused the connection
  bad_login,             ///< user name, password or client certificate refused
  subscription_refused,  ///< the broker does not let us hear this topic
  untrusted,             ///< TLS: the broker's certificate, or ours, was not accepted
  bad_certificate,       ///< a certificate or key file cannot be used
  bad_topic,             ///< not a topic filter, or not a topic to publish under
  protocol,              ///< what came is not MQTT
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::net::mqtt

template <>
struct boost::system::is_error_code_enum<aiot::net::mqtt::Errc> : std::true_type {};
