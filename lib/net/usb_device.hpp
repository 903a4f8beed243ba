#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aiot/ports.hpp"
#include "net/sysfs.hpp"

namespace aiot::net {

/// What an interface of a USB device says it is (USB 2.0, table 9-12).
struct UsbInterface {
  std::uint8_t class_code = 0;
  std::uint8_t subclass = 0;
  std::uint8_t protocol = 0;
  friend bool operator==(const UsbInterface&, const UsbInterface&) = default;
};

/// A device on the USB, as the kernel describes it.
struct UsbDevice {
  std::string place;  ///< where it is plugged, in the kernel's words: "1-1.2"
  std::uint16_t vid = 0;
  std::uint16_t pid = 0;
  std::uint8_t class_code = 0;  ///< of the whole device; 0: each interface has its own
  std::string serial;           ///< the device's own words, as are the next two
  std::string manufacturer;
  std::string product;
  std::vector<UsbInterface> interfaces;  ///< of the configuration in use
  std::vector<SerialPort> ports;         ///< sorted by path
  friend bool operator==(const UsbDevice&, const UsbDevice&) = default;
};

/// Every device on the USB, hubs among them, sorted by place. Opens none of them.
std::vector<UsbDevice> list_usb_devices(const DeviceRoots& roots);

}  // namespace aiot::net
