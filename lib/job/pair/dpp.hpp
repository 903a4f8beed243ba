#pragma once

#include "job/pair/protocol.hpp"

namespace aiot::pair {

/// Wi-Fi Easy Connect: a DPP: code, with the device's address (tcp://HOST, port 8908 unless it says
/// another), or with none: the device connects to this host. tcp://0.0.0.0:PORT chooses where this
/// host listens, wifi:INTERFACE goes over radio, through wpa_supplicant.
bool takes_dpp(const Target& target);
net::Task<void> pair_dpp(Attempt& attempt);

}  // namespace aiot::pair
