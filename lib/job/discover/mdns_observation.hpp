#pragma once

#include "job/discover/observation.hpp"
#include "protocol/dnssd/service.hpp"

namespace aiot::discover {

/// What a service instance says of the device that offers it.
Observation observe_service(const dnssd::Service& service);

}  // namespace aiot::discover
