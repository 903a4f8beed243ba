#pragma once

#include <string>

#include "net/clock.hpp"
#include "net/fd_stream.hpp"

namespace aiot::net {

/// Looks `host` up and connects to the first of its addresses that answers, without delay of small
/// packets and with keep-alive. Errc::not_found for an unknown or unreachable host, Errc::refused
/// when nothing listens, Errc::timed_out when nothing answers.
Task<FdStream> tcp_connect(std::string host, std::uint16_t port, TimePoint deadline);

/// "host:port", with the brackets that IPv6 wants.
std::string host_and_port(const std::string& host, std::uint16_t port);

}  // namespace aiot::net
