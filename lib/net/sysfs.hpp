#pragma once

#include <string>
#include <vector>

#include "aiot/ports.hpp"

namespace aiot::net {

/// Where the kernel's description of the machine lies; tests pass their own tree.
struct DeviceRoots {
  std::string sys = "/sys";
  std::string dev = "/dev";
};

/// list_serial_ports() of another tree.
std::vector<SerialPort> list_serial_ports(const DeviceRoots& roots);

/// What is known of the port at `path`, which may be a link such as /dev/serial/by-id/….
/// Only the path is filled for a port that the kernel does not list (a pty).
SerialPort describe_serial_port(const std::string& path, const DeviceRoots& roots);

/// expand_usb_address() on another tree.
Result<std::vector<Address>> expand_usb_address(const Address& pattern, const DeviceRoots& roots);

}  // namespace aiot::net
