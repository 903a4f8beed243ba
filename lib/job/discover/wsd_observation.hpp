#pragma once

#include "job/discover/source.hpp"
#include "protocol/wsd/message.hpp"
#include "protocol/wsd/metadata.hpp"

namespace aiot::discover {

/// What a WS-Discovery target at `host` says of itself.
Observation observe_target(const std::string& host, const wsd::Target& target);

/// Adds what the device says of itself.
void add_metadata(const wsd::Metadata& metadata, Observation& out);

}  // namespace aiot::discover
