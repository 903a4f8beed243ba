#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "aiot/ports.hpp"

namespace aiot::net {

/// Where the kernel's description of the machine lies; tests pass their own tree.
struct DeviceRoots {
  std::string sys = "/sys";
  std::string dev = "/dev";
};

/// The first line of an attribute's file, "" when it is not there.
std::string attribute(const std::filesystem::path& file);
/// The same as a number written in hex; 0 when it is none.
std::uint32_t hex_attribute(const std::filesystem::path& file);
/// The folder of the USB device that a device's folder (canonical) belongs to; "" when to none.
std::filesystem::path usb_folder_of(const std::filesystem::path& device, const DeviceRoots& roots);

/// list_serial_ports() of another tree.
std::vector<SerialPort> list_serial_ports(const DeviceRoots& roots);

/// What is known of the port at `path`, which may be a link such as /dev/serial/by-id/….
/// Only the path is filled for a port that the kernel does not list (a pty).
SerialPort describe_serial_port(const std::string& path, const DeviceRoots& roots);

/// expand_usb_address() on another tree.
Result<std::vector<Address>> expand_usb_address(const Address& pattern, const DeviceRoots& roots);

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
