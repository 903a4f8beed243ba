#include "net/error.hpp"

namespace aiot::net {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::timed_out, "link.timeout", "timed out", Condition::timeout, true},
    {Errc::link_lost, "link.lost", "the link was lost", Condition::timeout, true},
    {Errc::cancelled, "cancelled", "cancelled", Condition::cancelled},
    {Errc::port_busy, "port.busy", "the port is in use", Condition::resource, true},
    {Errc::no_permission, "port.permission", "no permission", Condition::resource},
    {Errc::not_found, "port.not_found", "not found", Condition::no_match, true},
    {Errc::refused, "link.refused", "connection refused", Condition::resource, true},
    {Errc::not_supported, "link.not_supported", "not possible on this kind of link",
     Condition::usage},
    {Errc::bad_baud, "port.baud", "the port cannot run at this rate", Condition::resource},
    {Errc::protocol, "link.protocol", "the other end broke the link's protocol",
     Condition::protocol},
    {Errc::io, "link.io", "input/output error", Condition::resource},
    {Errc::untrusted, "tls.untrusted", "TLS failed", Condition::refused_security},
    {Errc::bad_certificate, "tls.certificate", "a certificate or key file cannot be used",
     Condition::invalid_input},
    {Errc::script, "test.script", "not what the script says", Condition::internal},
};
const ErrorTable table("net", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

Error still_lost(Error why) {
  if (why.condition() == Condition::cancelled || why.code == Errc::link_lost) return why;
  return make_error(Errc::link_lost, why.message(), std::move(why.hint));
}

}  // namespace aiot::net
