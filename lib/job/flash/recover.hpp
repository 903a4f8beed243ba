#pragma once

#include <functional>

#include "job/flash/device.hpp"

namespace aiot::flash {

/// One try at an operation on a device that is reached and identified.
using Attempt = std::function<net::Task<void>(Device&)>;

/// Reaches the device and runs `attempt`; after a failure that another try can mend (a lost link,
/// bytes that did not arrive) reaches it anew, on a slower wire where that may help, and runs it
/// again: at most five times. The device must stay the same one. After the last failure, also a
/// cancellation, the device is left as the session asks, as far as that is still possible.
net::Task<void> with_recovery(Device& device, Attempt attempt);

}  // namespace aiot::flash
