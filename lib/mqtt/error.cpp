#include "mqtt/error.hpp"

#include <array>

namespace aiot::mqtt {
namespace {

constexpr ErrorRow row(Errc e, std::string_view code, std::string_view message, Condition c,
                       bool retryable = false) {
  return {static_cast<int>(e), code, message, c, retryable};
}
constexpr ErrorRow broken(Errc e, std::string_view code, std::string_view message) {
  return row(e, code, message, Condition::protocol);
}

constexpr std::array<ErrorRow, 24> rows = {{
    row(Errc::refused, "mqtt.refused", "the broker refused the connection", Condition::protocol,
        true),
    row(Errc::bad_login, "mqtt.login", "the broker refused the user name, password or certificate",
        Condition::refused_security),
    row(Errc::subscription_refused, "mqtt.subscription",
        "the broker does not allow this subscription", Condition::refused_security),
    row(Errc::untrusted, "mqtt.untrusted", "TLS failed", Condition::refused_security),
    row(Errc::bad_certificate, "mqtt.certificate", "a certificate or key file cannot be used",
        Condition::invalid_input),
    row(Errc::bad_topic, "mqtt.topic", "not a topic", Condition::usage),
    broken(Errc::protocol, "mqtt.protocol", "the other end does not speak MQTT"),
    broken(Errc::taken_over, "mqtt.taken-over", "another client uses the same client id"),
    row(Errc::too_large_to_send, "mqtt.send", "the broker does not take this much",
        Condition::protocol),
    broken(Errc::packet_type, "mqtt.packet-type", "malformed packet: no server sends this type"),
    broken(Errc::packet_flags, "mqtt.packet-flags", "malformed packet: reserved flags are set"),
    broken(Errc::packet_length, "mqtt.packet-length",
           "malformed packet: a length does not fit the content"),
    broken(Errc::packet_too_large, "mqtt.packet-too-large", "the packet is too large"),
    broken(Errc::packet_text, "mqtt.packet-text", "malformed packet: a string is not UTF-8"),
    broken(Errc::packet_topic, "mqtt.packet-topic", "malformed packet: not a topic name"),
    broken(Errc::packet_id, "mqtt.packet-id", "malformed packet: packet identifier 0"),
    broken(Errc::packet_qos, "mqtt.packet-qos", "malformed packet: not a valid QoS"),
    broken(Errc::packet_reason, "mqtt.packet-reason",
           "malformed packet: not a reason code of this packet"),
    broken(Errc::property, "mqtt.property", "malformed packet: not a property of this packet"),
    broken(Errc::property_twice, "mqtt.property-twice", "malformed packet: a property is repeated"),
    broken(Errc::property_value, "mqtt.property-value",
           "malformed packet: not a value of this property"),
    broken(Errc::unexpected, "mqtt.unexpected", "a packet that does not fit the session"),
    broken(Errc::topic_alias, "mqtt.topic-alias", "a topic alias that is not set"),
    broken(Errc::receive_maximum, "mqtt.receive-maximum",
           "more messages under way than was agreed"),
}};
const ErrorTable table("mqtt", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::mqtt
