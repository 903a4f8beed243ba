#pragma once

#include "job/discover/source.hpp"
#include "protocol/ssdp/description.hpp"
#include "protocol/ssdp/message.hpp"

namespace aiot::discover {

/// What an announcement or an answer says of the device at `host`.
Observation observe_announcement(const std::string& host, const ssdp::Message& message);

/// Adds what the description behind its LOCATION says.
void add_description(const ssdp::Description& description, Observation& out);

}  // namespace aiot::discover
