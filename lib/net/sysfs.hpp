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

}  // namespace aiot::net
