#pragma once

#include <functional>
#include <stop_token>

#include "aiot/sim.hpp"
#include "sim/mac.hpp"

namespace aiot::sim::gadget {

/// Serves `request.count` gadgets until `stop`, as sim::run() says; `first` is the MAC of the
/// first.
Result<Report> run(const Request& request, const esp::device::Mac& first,
                   const std::function<void(const Ready&)>& ready, EventSink& sink,
                   std::stop_token stop);

}  // namespace aiot::sim::gadget
