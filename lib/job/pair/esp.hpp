#pragma once

#include "job/pair/protocol.hpp"
#include "protocol/protocomm/session.hpp"

namespace aiot::pair {

/// ESP-IDF's provisioning over HTTP: the address of a device's access point (http://192.168.4.1),
/// or an ESP code whose transport is softap; with both, the device of the code is at that address.
bool takes_esp(const Target& target);
net::Task<void> pair_esp(Attempt& attempt);

/// What a session over any transport is given.
protocomm::Plan esp_plan(const Attempt& attempt);

}  // namespace aiot::pair
