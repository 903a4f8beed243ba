#pragma once

#include <chrono>

#include "net/link.hpp"
#include "protocol/dpp/configuration.hpp"

namespace aiot::dpp {

/// What a configurator needs for one device.
struct Setup {
  BootstrapKey device;  ///< of its code
  OwnKey own;           ///< on the same curve
  Material material;    ///< likewise
  WifiCredentials wifi;
};
/// With keys and a nonce of its own, which serve once.
Setup new_setup(BootstrapKey device, WifiCredentials wifi);

/// A device that took its credentials.
struct Enrolled {
  EnrolleeInfo info;
  unsigned version = 1;  ///< of the protocol
  bool joined = false;   ///< it reports that it is on the network
};

/// How long the other end has for each of its messages.
inline constexpr std::chrono::seconds reply_time{5};
/// How long it has to join the network, and say so (6.4.5).
inline constexpr std::chrono::seconds join_time{16};

/// What a device says of its way to the network, as a cause: network_not_found, network_refused,
/// device_refused.
Result<void> check_connection(Status status);

/// Configures the device at the other end of `link` (DPP over TCP), which waits for a configurator.
/// Stages: authenticated, credentials_sent, and joined when the device says so. The link stays
/// open. Errors, of provisioning::Errc: wrong_proof (a device without the key of the code closes
/// the link and says nothing), window_closed, no_reply, link_lost, protocol_violated, bad_wifi,
/// device_refused, network_not_found, network_refused.
net::Task<Enrolled> configure(net::Link& link, Setup setup, provisioning::Flow& flow);

/// The same for a peer that connected to this host: a device that announces itself, or one that has
/// this host's code and begins. More stages: found and connected, once it is known to be the
/// device. Another peer ends in wrong_proof; nothing is sent to it.
net::Task<Enrolled> serve(net::Link& link, Setup setup, provisioning::Flow& flow);

}  // namespace aiot::dpp
