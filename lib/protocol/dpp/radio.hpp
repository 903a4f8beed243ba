#pragma once

#include <string>

#include "net/wpa_control.hpp"
#include "protocol/dpp/session.hpp"

namespace aiot::dpp {

/// Has wpa_supplicant (2.10, of a Wi-Fi interface of this host) configure the device of `code`,
/// which is in radio range and listens on the channels of its code. Stages: found and
/// authenticated, credentials_sent, and joined when the device says so. What wpa_supplicant was
/// told is removed again, also after a failure or a cancellation.
///
/// Errors: those of configure(); not_found when the device does not answer: over radio that is what
/// a wrong code looks like, too.
net::Task<Enrolled> configure_by_radio(net::WpaControl& control, std::string code,
                                       WifiCredentials wifi, net::Clock& clock,
                                       provisioning::Flow& flow);

}  // namespace aiot::dpp
