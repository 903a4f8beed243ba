#pragma once

#include <functional>
#include <map>
#include <memory>

#include "job/discover/source.hpp"
#include "net/link.hpp"
#include "net/sysfs.hpp"
#include "net/usb_device.hpp"

namespace aiot::discover {

/// What the usb source has of the machine; tests pass their own.
struct UsbEnvironment {
  net::DeviceRoots roots;
  /// Waits until something was plugged in or out, at most until the time given: its end is
  /// Errc::timed_out.
  std::function<net::Task<void>(net::TimePoint)> wait_for_change;
  std::function<net::Task<std::unique_ptr<net::Link>>(Address, net::OpenOptions)> open;
};

/// Serial ports and USB devices, as they are and as they come and go.
std::unique_ptr<Source> make_usb_source(UsbEnvironment environment);

}  // namespace aiot::discover
