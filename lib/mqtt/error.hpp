#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::mqtt {

enum class Errc {
  refused = 1,           ///< the broker refused the connection
  bad_login,             ///< user name, password or client certificate refused
  subscription_refused,  ///< the broker does not allow this subscription
  untrusted,             ///< TLS: the broker's certificate, or ours, was not accepted
  bad_certificate,       ///< a certificate or key file cannot be used
  bad_topic,             ///< not a topic filter, or not a topic to publish to
  protocol,              ///< the other end does not speak MQTT
  taken_over,            ///< another client uses the same client id
  too_large_to_send,     ///< larger than the broker takes, or too much waits for it

  // A packet that breaks the protocol; each ends the connection.
  packet_type,       ///< a type that no server sends
  packet_flags,      ///< reserved flags are set, or a flag contradicts another
  packet_length,     ///< a length that does not fit the content
  packet_too_large,  ///< longer than the client accepts
  packet_text,       ///< a string that is not UTF-8, or holds U+0000
  packet_topic,      ///< not a topic name
  packet_id,         ///< packet identifier 0
  packet_qos,        ///< QoS 3
  packet_reason,     ///< a reason code that this packet does not have
  property,          ///< an unknown property, or one that this packet does not have
  property_twice,    ///< a property that is there more than once
  property_value,    ///< a value that this property cannot have
  unexpected,        ///< a packet that does not fit the state of the session
  topic_alias,       ///< an alias that was never set, or above the maximum
  receive_maximum,   ///< more messages under way than was agreed
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::mqtt

template <>
struct boost::system::is_error_code_enum<aiot::mqtt::Errc> : std::true_type {};
