#pragma once

#include "job/discover/observation.hpp"
#include "net/udev/names.hpp"
#include "net/usb_device.hpp"

namespace aiot::discover {

/// What a USB device and its serial ports say of themselves. `serial_is_its_own` is false when
/// another device here has the same ids and serial number: cheap adapters all say "0001".
Observation observe_usb(const net::UsbDevice& device, const net::udev::UsbNames& names,
                        bool serial_is_its_own);

/// A serial port that is not on the USB: a place where a device may be.
Observation observe_port(const SerialPort& port);

}  // namespace aiot::discover
