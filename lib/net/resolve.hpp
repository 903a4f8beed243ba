#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <vector>

#include "net/clock.hpp"

namespace aiot::net {

/// The IP addresses of a host, the preferred one first: a literal as it is (with an interface
/// behind
/// '%'), a name looked up. A name server that does not answer delays neither the deadline nor a
/// cancellation, nor the end of the loop. Errc::not_found for an unknown name, Errc::timed_out,
/// Errc::cancelled.
Task<std::vector<asio::ip::address>> resolve_all(std::string host, TimePoint deadline);
/// The first of them.
Task<asio::ip::address> resolve(std::string host, TimePoint deadline);

}  // namespace aiot::net
