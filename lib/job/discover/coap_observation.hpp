#pragma once

#include "job/discover/source.hpp"
#include "protocol/coap/link_format.hpp"
#include "protocol/coap/message.hpp"

namespace aiot::discover {

/// What the links of a host's /.well-known/core say of it.
Observation observe_links(const std::string& host, std::uint16_t port,
                          const std::vector<coap::Link>& links);

}  // namespace aiot::discover
