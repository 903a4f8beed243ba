#include "provisioning/error.hpp"

#include <array>

namespace aiot::provisioning {
namespace {

constexpr ErrorRow row(Errc e, std::string_view code, std::string_view message, Condition condition,
                       bool retryable = false) {
  return {static_cast<int>(e), code, message, condition, retryable};
}

constexpr std::array error_rows = {
    row(Errc::not_found, "pair.not_found", "the device was not found", Condition::no_match, true),
    row(Errc::busy, "pair.busy", "another client has the device's link", Condition::resource, true),
    row(Errc::superseded, "pair.superseded", "another client took over the device's link",
        Condition::timeout, true),
    row(Errc::unsupported_version, "pair.unsupported_version",
        "the device speaks another version of the protocol", Condition::protocol),
    row(Errc::wrong_proof, "pair.wrong_proof", "wrong proof of possession",
        Condition::refused_security),
    row(Errc::wrong_passkey, "pair.wrong_passkey", "wrong passkey", Condition::refused_security),
    row(Errc::rejected_by_user, "pair.rejected_by_user", "rejected by the user of the device",
        Condition::refused_security),
    row(Errc::network_not_found, "pair.network_not_found",
        "the device does not find the Wi-Fi network", Condition::protocol),
    row(Errc::network_refused, "pair.network_refused",
        "the Wi-Fi network refused the password, or the signal was lost", Condition::protocol),
    row(Errc::no_address, "pair.no_address", "the device got no address from DHCP",
        Condition::protocol, true),
    row(Errc::wrong_subnet, "pair.wrong_subnet", "the device joined another network than this host",
        Condition::mismatch),
    row(Errc::window_closed, "pair.window_closed", "the device does not accept pairing now",
        Condition::protocol, true),
    row(Errc::unreachable, "pair.unreachable", "the device's link cannot be opened",
        Condition::resource, true),
    row(Errc::link_lost, "pair.link_lost", "the link to the device was lost", Condition::timeout,
        true),
    row(Errc::protocol_violated, "pair.protocol_violated",
        "the device sent an answer that the protocol does not allow", Condition::protocol),
    row(Errc::no_reply, "pair.no_reply", "no reply from the device", Condition::timeout, true),
    row(Errc::device_refused, "pair.device_refused", "the device reports a failure",
        Condition::protocol),
    row(Errc::already_paired, "pair.already_paired", "the device is already paired",
        Condition::refused_security),
    row(Errc::missing_secret, "pair.missing_secret", "the device requires a secret",
        Condition::usage),
    row(Errc::missing_wifi, "pair.missing_wifi", "no Wi-Fi credentials", Condition::usage),
    row(Errc::bad_wifi, "pair.bad_wifi", "invalid Wi-Fi credentials", Condition::invalid_input),
    row(Errc::bad_code, "pair.bad_code", "invalid setup code", Condition::invalid_input),
    row(Errc::unsupported_code, "pair.unsupported_code", "this kind of setup code is not supported",
        Condition::usage),
    row(Errc::no_protocol, "pair.no_protocol", "no pairing protocol for this target",
        Condition::usage),
    row(Errc::bad_fault, "pair.bad_fault", "unknown fault", Condition::usage),
    row(Errc::bad_io, "pair.bad_io", "unknown input and output of a bond", Condition::usage),
    row(Errc::no_targets, "pair.no_targets", "no device is named", Condition::usage),
    row(Errc::same_target, "pair.same_target", "the same device is named twice", Condition::usage),
    row(Errc::shared_trace, "pair.shared_trace", "several devices would write one trace",
        Condition::usage),
    row(Errc::device_timeout, "pair.device_timeout", "the time limit for this device has expired",
        Condition::timeout, true),
    row(Errc::cancelled, "pair.cancelled", "stopped before it was done", Condition::cancelled),
    row(Errc::bad_record, "pair.bad_record", "the record of paired devices cannot be used",
        Condition::resource),
    row(Errc::record_busy, "pair.record_busy", "another run uses the record of paired devices",
        Condition::resource, true),
    row(Errc::not_recorded, "pair.not_recorded",
        "the device is paired, and the record could not be written", Condition::not_recorded),
};
const ErrorTable error_table("pair", error_rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_table};
}

}  // namespace aiot::provisioning
