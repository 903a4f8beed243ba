#include "mqtt/error.hpp"

namespace aiot::mqtt {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::refused, "mqtt.refused", "the broker refused the connection", Condition::protocol, true},
    {Errc::bad_login, "mqtt.login", "the broker refused the user name, password or certificate",
     Condition::refused_security},
    {Errc::subscription_refused, "mqtt.subscription", "the broker does not allow this subscription",
     Condition::refused_security},
    {Errc::untrusted, "mqtt.untrusted", "TLS failed", Condition::refused_security},
    {Errc::bad_certificate, "mqtt.certificate", "a certificate or key file cannot be used",
     Condition::invalid_input},
    {Errc::bad_topic, "mqtt.topic", "not a topic", Condition::usage},
    {Errc::protocol, "mqtt.protocol", "the other end does not speak MQTT", Condition::protocol},
    {Errc::taken_over, "mqtt.taken-over", "another client uses the same client id",
     Condition::protocol},
    {Errc::too_large_to_send, "mqtt.send", "the broker does not take this much",
     Condition::protocol},
    {Errc::packet_type, "mqtt.packet-type", "malformed packet: no server sends this type",
     Condition::protocol},
    {Errc::packet_flags, "mqtt.packet-flags", "malformed packet: reserved flags are set",
     Condition::protocol},
    {Errc::packet_length, "mqtt.packet-length",
     "malformed packet: a length does not fit the content", Condition::protocol},
    {Errc::packet_too_large, "mqtt.packet-too-large", "the packet is too large",
     Condition::protocol},
    {Errc::packet_text, "mqtt.packet-text", "malformed packet: a string is not UTF-8",
     Condition::protocol},
    {Errc::packet_topic, "mqtt.packet-topic", "malformed packet: not a topic name",
     Condition::protocol},
    {Errc::packet_id, "mqtt.packet-id", "malformed packet: packet identifier 0",
     Condition::protocol},
    {Errc::packet_qos, "mqtt.packet-qos", "malformed packet: not a valid QoS", Condition::protocol},
    {Errc::packet_reason, "mqtt.packet-reason",
     "malformed packet: not a reason code of this packet", Condition::protocol},
    {Errc::property, "mqtt.property", "malformed packet: not a property of this packet",
     Condition::protocol},
    {Errc::property_twice, "mqtt.property-twice", "malformed packet: a property is repeated",
     Condition::protocol},
    {Errc::property_value, "mqtt.property-value", "malformed packet: not a value of this property",
     Condition::protocol},
    {Errc::unexpected, "mqtt.unexpected", "a packet that does not fit the session",
     Condition::protocol},
    {Errc::topic_alias, "mqtt.topic-alias", "a topic alias that is not set", Condition::protocol},
    {Errc::receive_maximum, "mqtt.receive-maximum", "more messages under way than was agreed",
     Condition::protocol},
};
const ErrorTable table("mqtt", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::mqtt
