#pragma once

#include "job/discover/source.hpp"
#include "protocol/wsd/message.hpp"

namespace aiot::discover {

/// What a WS-Discovery target at `host` says of itself.
Observation observe_target(const std::string& host, const wsd::Target& target);

}  // namespace aiot::discover
