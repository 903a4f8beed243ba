#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>

#include "net/clock.hpp"

namespace aiot::net {

/// The first IP address of a host: a literal as it is (with an interface behind '%'), a name looked
/// up. Errc::not_found for an unknown name, Errc::timed_out, Errc::cancelled.
Task<asio::ip::address> resolve(std::string host, TimePoint deadline);

}  // namespace aiot::net
