#include "net/mqtt/error.hpp"

#include <array>

namespace aiot::net::mqtt {
namespace {

constexpr ErrorRow row(Errc e, std::string_view code, std::string_view message, Condition c,
                       bool retryable = false) {
  return {static_cast<int>(e), code, message, c, retryable};
}

constexpr std::array<ErrorRow, 7> rows = {{
    row(Errc::refused, "mqtt.refused", "the broker refused the connection", Condition::protocol,
        true),
    row(Errc::bad_login, "mqtt.login", "the broker refused the user name, password or certificate",
        Condition::refused_security),
    row(Errc::subscription_refused, "mqtt.subscription",
        "the broker does not let this client hear the topic", Condition::refused_security),
    row(Errc::untrusted, "mqtt.untrusted", "TLS failed", Condition::refused_security),
    row(Errc::bad_certificate, "mqtt.certificate", "a certificate or key file cannot be used",
        Condition::invalid_input),
    row(Errc::bad_topic, "mqtt.topic", "not a topic", Condition::usage),
    row(Errc::protocol, "mqtt.protocol", "the other end does not speak MQTT", Condition::protocol),
}};
const ErrorTable table("mqtt", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

}  // namespace aiot::net::mqtt
