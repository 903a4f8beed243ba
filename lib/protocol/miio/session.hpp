#pragma once

#include "net/udp.hpp"
#include "protocol/miio/call.hpp"

namespace aiot::miio {

/// Runs one command on a UDP socket of its own; see Call. net::Errc::timed_out at the deadline,
/// net::Errc::cancelled.
net::Task<std::string> ask(net::asio::ip::udp::endpoint device, Call call, net::Clock& clock,
                           net::TimePoint deadline);

}  // namespace aiot::miio
