#include "provisioning/error.hpp"

namespace aiot::provisioning {
namespace {

constexpr ErrorRow error_rows[] = {
    {Errc::not_found, "pair.not_found", "the device was not found", Condition::no_match, true},
    {Errc::busy, "pair.busy", "another client has the device's link", Condition::resource, true},
    {Errc::superseded, "pair.superseded", "another client took over the device's link",
     Condition::timeout, true},
    {Errc::unsupported_version, "pair.unsupported_version",
     "the device speaks another version of the protocol", Condition::protocol},
    {Errc::wrong_proof, "pair.wrong_proof", "wrong proof of possession",
     Condition::refused_security},
    {Errc::wrong_passkey, "pair.wrong_passkey", "wrong passkey", Condition::refused_security},
    {Errc::rejected_by_user, "pair.rejected_by_user", "rejected by the user of the device",
     Condition::refused_security},
    {Errc::network_not_found, "pair.network_not_found",
     "the device does not find the Wi-Fi network", Condition::protocol},
    {Errc::network_refused, "pair.network_refused",
     "the Wi-Fi network refused the password, or the signal was lost", Condition::protocol},
    {Errc::no_address, "pair.no_address", "the device got no address from DHCP",
     Condition::protocol, true},
    {Errc::wrong_subnet, "pair.wrong_subnet", "the device joined another network than this host",
     Condition::mismatch},
    {Errc::window_closed, "pair.window_closed", "the device does not accept pairing now",
     Condition::protocol, true},
    {Errc::unreachable, "pair.unreachable", "the device's link cannot be opened",
     Condition::resource, true},
    {Errc::link_lost, "pair.link_lost", "the link to the device was lost", Condition::timeout,
     true},
    {Errc::protocol_violated, "pair.protocol_violated",
     "the device sent an answer that the protocol does not allow", Condition::protocol},
    {Errc::no_reply, "pair.no_reply", "no reply from the device", Condition::timeout, true},
    {Errc::device_refused, "pair.device_refused", "the device reports a failure",
     Condition::protocol},
    {Errc::already_paired, "pair.already_paired", "the device is already paired",
     Condition::refused_security},
    {Errc::missing_secret, "pair.missing_secret", "the device requires a secret", Condition::usage},
    {Errc::missing_wifi, "pair.missing_wifi", "no Wi-Fi credentials", Condition::usage},
    {Errc::bad_wifi, "pair.bad_wifi", "invalid Wi-Fi credentials", Condition::invalid_input},
    {Errc::bad_code, "pair.bad_code", "invalid setup code", Condition::invalid_input},
    {Errc::unsupported_code, "pair.unsupported_code", "this kind of setup code is not supported",
     Condition::usage},
    {Errc::no_protocol, "pair.no_protocol", "no pairing protocol for this target",
     Condition::usage},
    {Errc::bad_fault, "pair.bad_fault", "unknown fault", Condition::usage},
    {Errc::bad_io, "pair.bad_io", "unknown input and output of a bond", Condition::usage},
    {Errc::no_targets, "pair.no_targets", "no device is named", Condition::usage},
    {Errc::same_target, "pair.same_target", "the same device is named twice", Condition::usage},
    {Errc::shared_trace, "pair.shared_trace", "several devices would write one trace",
     Condition::usage},
    {Errc::shared_token_file, "pair.shared_token_file",
     "several devices would write one file of keys", Condition::usage},
    {Errc::device_timeout, "pair.device_timeout", "the time limit for this device has expired",
     Condition::timeout, true},
    {Errc::cancelled, "pair.cancelled", "stopped before it was done", Condition::cancelled},
    {Errc::bad_record, "pair.bad_record", "the record of paired devices cannot be used",
     Condition::resource},
    {Errc::record_busy, "pair.record_busy", "another run uses the record of paired devices",
     Condition::resource, true},
    {Errc::not_recorded, "pair.not_recorded",
     "the device is paired, and the record could not be written", Condition::not_recorded},
};
const ErrorTable error_table("pair", error_rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_table};
}

}  // namespace aiot::provisioning
