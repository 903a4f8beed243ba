#pragma once

#include "job/discover/source.hpp"

namespace aiot::discover {

/// What a Tuya device announces, on whatever port it was heard.
std::vector<Observation> observe_announcement(const Packet& packet);

}  // namespace aiot::discover
