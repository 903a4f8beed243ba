#include "job/pair/improv.hpp"

#include "net/error.hpp"
#include "protocol/improv/session.hpp"

namespace aiot::pair {

bool takes_improv(const Target& target) {
  return target.address.scheme == "serial" || target.address.scheme == "rfc2217" ||
         target.address.scheme == "tcp";
}

net::Task<void> pair_improv(Attempt& attempt) {
  const net::OpenOptions options = attempt.run.open_options();
  Result<std::unique_ptr<net::Link>> link = co_await net::open_link(attempt.run.address(), options);
  if (!link) {
    Error error = std::move(link).error();
    if (error.code == net::Errc::port_busy) error.code = make_error_code(provisioning::Errc::busy);
    if (error.code == net::Errc::not_found)
      error.code = make_error_code(provisioning::Errc::not_found);
    if (error.code == net::Errc::refused || error.code == net::Errc::timed_out)
      error.code = make_error_code(provisioning::Errc::unreachable);
    co_return error;
  }
  improv::SerialLine line(**link);
  improv::Session session(line);
  Result<void> done =
      co_await improv::provision(session, *attempt.request.wifi, attempt.flow, attempt.result);
  (*link)->close();
  co_return done;
}

}  // namespace aiot::pair
