#pragma once

#include "aiot/error.hpp"
#include "aiot/result.hpp"

namespace aiot::provisioning {

/// Why a device could not be paired. Every pairing protocol maps its own failures to these.
enum class Errc {
  not_found = 1,        ///< no such device is near
  busy,                 ///< its link is taken by another client
  superseded,           ///< another client came, and the device dropped this one
  unsupported_version,  ///< of the protocol, or a security scheme that this host does not have
  wrong_proof,          ///< proof of possession, set-up code, token or password of the device
  wrong_passkey,        ///< of a Bluetooth bond
  rejected_by_user,     ///< on the device
  network_not_found,    ///< the device does not see the Wi-Fi network
  network_refused,      ///< the network refused the password, or the signal was lost
  no_address,           ///< the device joined and got no address from DHCP
  wrong_subnet,         ///< the device joined another network than this host's
  window_closed,        ///< the device does not take part in pairing at this time
  unreachable,          ///< the device is there and its link cannot be opened
  link_lost,            ///< while it was paired
  protocol_violated,    ///< an answer that the protocol does not allow
  no_reply,             ///< a step was not answered by its deadline
  device_refused,       ///< the device reports a failure of its own; see peer_text
  already_paired,       ///< with another host, or with this one
  missing_secret,       ///< the device asks for what the request does not have
  missing_wifi,         ///< no Wi-Fi credentials were given
  bad_wifi,             ///< a name or password that no network can have
  bad_code,             ///< not a set-up code, or a damaged one
  unsupported_code,     ///< a kind of code that cannot be used yet
  no_protocol,          ///< no pairing protocol takes this target
  bad_fault,            ///< not a fault of a virtual device
  bad_io,               ///< not something that a side of a bond can do
  no_targets,           ///< none were named
  same_target,          ///< two targets lead to one device
  shared_trace,         ///< several devices would write one trace
  shared_token_file,    ///< several devices would write one file of keys
  device_timeout,       ///< the time limit for this device has expired
  cancelled,            ///< by the user
  bad_record,           ///< the record of what is done cannot be used
  record_busy,          ///< another run has it
  not_recorded,         ///< the device is paired, and the record could not be written
};
boost::system::error_code make_error_code(Errc e) noexcept;

}  // namespace aiot::provisioning

template <>
struct boost::system::is_error_code_enum<aiot::provisioning::Errc> : std::true_type {};
