#include "net/error.hpp"

#include <array>

namespace aiot::net {
namespace {

constexpr int row(Errc e) { return static_cast<int>(e); }

constexpr std::array<ErrorRow, 14> rows = {{
    {row(Errc::timed_out), "link.timeout", "timed out", Condition::timeout, true},
    {row(Errc::link_lost), "link.lost", "the link was lost", Condition::timeout, true},
    {row(Errc::cancelled), "cancelled", "cancelled", Condition::cancelled},
    {row(Errc::port_busy), "port.busy", "the port is in use", Condition::resource, true},
    {row(Errc::no_permission), "port.permission", "no permission", Condition::resource},
    {row(Errc::not_found), "port.not_found", "not found", Condition::no_match, true},
    {row(Errc::refused), "link.refused", "connection refused", Condition::resource, true},
    {row(Errc::not_supported), "link.not_supported", "not possible on this kind of link",
     Condition::usage},
    {row(Errc::bad_baud), "port.baud", "the port cannot run at this rate", Condition::resource},
    {row(Errc::protocol), "link.protocol", "the other end broke the link's protocol",
     Condition::protocol},
    {row(Errc::io), "link.io", "input/output error", Condition::resource},
    {row(Errc::untrusted), "tls.untrusted", "TLS failed", Condition::refused_security},
    {row(Errc::bad_certificate), "tls.certificate", "a certificate or key file cannot be used",
     Condition::invalid_input},
    {row(Errc::script), "test.script", "not what the script says", Condition::internal},
}};
const ErrorTable table("net", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

Error still_lost(Error why) {
  if (why.condition() == Condition::cancelled || why.code == Errc::link_lost) return why;
  return make_error(Errc::link_lost, why.message(), std::move(why.hint));
}

}  // namespace aiot::net
