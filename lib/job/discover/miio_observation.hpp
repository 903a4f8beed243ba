#pragma once

#include "job/discover/source.hpp"
#include "protocol/miio/packet.hpp"

namespace aiot::discover {

/// What a device's answer to a hello says of it. Its token, if it tells one, is a secret: only that
/// it does is told, as its state.
Observation observe_hello(const std::string& host, const miio::HelloReply& reply);

/// Adds what miIO.info answered: model, firmware, MAC. Text that is none is left out.
void add_miio_info(const std::string& info_json, Observation& out);

}  // namespace aiot::discover
