#pragma once

#include <boost/asio/io_context.hpp>

#include "job/discover/registry.hpp"
#include "net/clock.hpp"

namespace aiot::discover {

/// What this machine knows: its neighbour table and addresses. An address of a network it is on that the table
/// does not have is sent one empty datagram (to the discard port, RFC 863), so that the kernel asks
/// for its MAC: the answer is there when the registry asks again.
Network this_network(boost::asio::io_context& loop, net::Clock& clock);

/// Makers by the IEEE's lists, as far as this machine has them.
VendorOf known_vendors();

}  // namespace aiot::discover
